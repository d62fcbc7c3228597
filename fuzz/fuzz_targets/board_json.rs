//! Any bytes as a saved board in JSON: refused with a message, or accepted; and what is accepted is written as the same,
//! and goes on for a few rounds whoever is missing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parecon_planning::{FacilitationBoard, Missing, PriceRule, Recorded, RevealedNewton};
use serde::{Serialize, de::DeserializeOwned};

fn go_on<R: PriceRule + Serialize + DeserializeOwned>(board: FacilitationBoard<R>) {
    let text = serde_json::to_string(&board).expect("a board can be written");
    let again: FacilitationBoard<R> = serde_json::from_str(&text).expect("what was written is accepted");
    assert_eq!(serde_json::to_string(&again).expect("a board can be written"), text);

    let mut board = board.with_missing(Missing::CarryForward);
    for _ in 0..3 {
        if board.is_open() {
            board.close().expect("an open round can be closed");
        }
        board.revise().expect("our own rules answer with prices");
        assert!(board.announcement().prices.iter().all(|p| p.is_finite() && *p > 0.0));
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(board) = serde_json::from_slice::<FacilitationBoard<Recorded>>(bytes) {
        go_on(board);
    } else if let Ok(board) = serde_json::from_slice::<FacilitationBoard<RevealedNewton>>(bytes) {
        go_on(board);
    }
});
