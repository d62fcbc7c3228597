//! Any bytes as an economy in JSON: rejected with a message, or accepted; and what is accepted is written, read
//! again as the same, and answers prices with numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parecon_planning::Economy;

fuzz_target!(|bytes: &[u8]| {
    let economy = match Economy::from_json(bytes) {
        Ok(economy) => economy,
        Err(error) => {
            assert!(error.is_invalid_input() && !error.to_string().is_empty());
            return;
        }
    };

    let text = serde_json::to_string(&economy).expect("an economy can be written");
    let again = Economy::from_json(text.as_bytes()).expect("what was written is accepted");
    assert_eq!(again, economy);

    let prices = vec![1.0; economy.goods().len()];
    let all = economy.aggregate(&prices).expect("prices of 1 suit every economy");
    assert!(all.supply.iter().chain(&all.demand).all(|q| q.is_finite() && *q >= 0.0), "{all:?}");
});
