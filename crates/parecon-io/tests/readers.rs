//! What readers accept, and what they say about the rest.

use parecon_io::nalgebra::DMatrix;
use parecon_io::{Error, IoTable, Layout, MakeUse, Names, Source, datasets};
use parecon_testbed::io::tables;
use proptest::prelude::*;

const TABLE: &str = "\
sector,name,a,b,final:f,output
a,Farming,1.5,5,3.5,10
b,\"Making, and mending\",2,1,17,20
value:v,Value added,6.5,14,,
output,,10,20,,
";
const MAKE: &str = "code,1,2,T008\n1,90,10,100\n2,0,50,50\nT007,90,60,0\n";
const USE: &str = "code,1,2,T001,F010,T007\n1,20,30,50,40,90\n2,10,5,15,45,60\nT005,30,35,0,0,0\nV001,70,15,0,0,0\nT008,100,50,0,0,0\n";

fn table(text: &[u8]) -> Result<IoTable, Error> {
    IoTable::read_csv(Source::new("t.csv", text))
}

fn make_use(make: &str, use_: &str) -> Result<MakeUse, Error> {
    MakeUse::read_bea_csv(Source::new("make.csv", make.as_bytes()), Source::new("use.csv", use_.as_bytes()))
}

/// The message of a refusal; the text `accepted` where there is none.
fn refusal<T>(result: Result<T, Error>) -> String {
    result.err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
}

#[test]
fn the_examples_are_read() -> Result<(), Error> {
    let read = table(TABLE.as_bytes())?;
    assert!(read.validate().is_clean(), "{}", read.validate());
    assert_eq!(read.flows(), &DMatrix::from_row_slice(2, 2, &[1.5, 5.0, 2.0, 1.0]));
    assert_eq!(read.sectors().name(read.sector("b")?), "Making, and mending");
    assert_eq!(read.rounding(), 0.1);
    assert!(make_use(MAKE, USE)?.validate().is_clean());
    Ok(())
}

#[test]
fn line_ends_marks_and_order_make_no_difference() -> Result<(), Error> {
    let plain = table(TABLE.as_bytes())?;
    assert_eq!(table(TABLE.replace('\n', "\r\n").as_bytes())?, plain);
    assert_eq!(table(format!("\u{feff}{TABLE}").as_bytes())?, plain);
    assert_eq!(table(TABLE.trim_end().as_bytes())?, plain);
    assert_eq!(table(TABLE.replace("1.5,5", " 1.5 , 5\t").as_bytes())?, plain);
    let turned = "sector,name,b,a,output,final:f\na,Farming,5,1.5,10,3.5\nb,\"Making, and mending\",1,2,20,17\nvalue:v,Value added,14,6.5,,\n";
    assert_eq!(table(turned.as_bytes())?, plain);
    // Industries may come in another order in the use table.
    let turned = "code,2,1,F010\n2,5,10,45\n1,30,20,40\nV001,15,70,0\n";
    assert_eq!(make_use(MAKE, turned)?, make_use(MAKE, USE)?);
    Ok(())
}

#[test]
fn tables_that_are_refused() {
    let change = |from: &str, to: &str| refusal(table(TABLE.replacen(from, to, 1).as_bytes()));
    assert_eq!(refusal(table(b"")), "t.csv:1:1: the file is empty, must start with column labels");
    assert_eq!(refusal(table(b"\n\n\r\n")), "t.csv:1:1: the file is empty, must start with column labels");
    assert_eq!(refusal(table(b"sector")), "t.csv:1:2: the header has no column labels");
    assert_eq!(refusal(table(b"sector,a\n")), "t.csv:2:1: the file ends before the first row");
    assert_eq!(change("1.5", "x"), "t.csv:2:3: \"x\" is not a number");
    assert_eq!(change("1.5", "NaN"), "t.csv:2:3: \"NaN\" is not a finite number");
    assert_eq!(change("1.5", "-inf"), "t.csv:2:3: \"-inf\" is not a finite number");
    assert_eq!(change("1.5", "1e999"), "t.csv:2:3: \"1e999\" is not a finite number");
    assert_eq!(change("1.5", ""), "t.csv:2:3: is empty, must be a number");
    assert_eq!(change("1.5", "\"1,500\""), "t.csv:2:3: \"1,500\" is not a number");
    assert_eq!(change("3.5,10", "3.5"), "t.csv:2:6: the record has 5 fields, must have 6");
    assert_eq!(change("3.5,10", "3.5,10,11"), "t.csv:2:7: the record has 7 fields, must have 6");
    assert_eq!(change("a,b,", "a,a,"), "t.csv:1:4: column \"a\" appears twice, first as field 3");
    assert_eq!(change("\nb,", "\na,"), "t.csv:3:1: row \"a\" appears twice, first in line 2");
    assert_eq!(
        change("\nb,", "\nc,"),
        "t.csv:1:4: sector \"b\" has a column but no row; final demand is \"final:b\", or told by the layout"
    );
    assert_eq!(
        change("\noutput,,10,20,,", "\nc,,10,20,1,1"),
        "t.csv:5:1: sector \"c\" has a row but no column; value added is \"value:c\", or told by the layout"
    );
    assert_eq!(
        change("\noutput,,10", "\noutput,,12"),
        "t.csv:5:3: output is 12 here and 10 in the column of output"
    );
    assert_eq!(
        change("\nvalue:v", "\nfinal:v"),
        "t.csv:4:1: row \"final:v\" is final demand, which is a column"
    );
    assert_eq!(
        change(",final:f", ",value:f"),
        "t.csv:1:5: column \"value:f\" is value added, which is a row"
    );
    assert_eq!(
        refusal(table(b"s,a,output\na,1,2\n")),
        "t.csv:3:1: there is no final-demand category (columns final:\u{2026}), must be at least one"
    );
    assert_eq!(refusal(table(b"s,a,final:f\na,1,2\xff\n")), "t.csv:2:3: is not UTF-8 text");
    let layout = Layout::new().with_output(["a", "b"]);
    let told = IoTable::read_csv_with(Source::new("t.csv", TABLE.as_bytes()), &layout);
    assert_eq!(refusal(told), "t.csv:3:1: row \"b\" is a second row of output");
}

#[test]
fn what_a_file_leaves_out_is_the_rest_where_asked_for() -> Result<(), Error> {
    let read =
        |text: &str, layout: &Layout| IoTable::read_csv_with(Source::new("t.csv", text.as_bytes()), layout);
    let both = Layout::new().with_residual_final_demand("rest").with_residual_value_added("paid");
    let bare = read("s,a,b,output\na,1,2,10\nb,3,4,20\n", &both)?;
    assert!(bare.validate().is_clean());
    assert_eq!(bare.final_demand().as_slice(), [7.0, 13.0]);
    assert_eq!(bare.value_added().as_slice(), [6.0, 14.0]);
    let part = read("s,a,b,final:f,output\na,1,2,5,10\nb,3,4,13,20\nvalue:v,1,1,,\n", &both)?;
    assert_eq!(part.final_demand().as_slice(), [5.0, 13.0, 2.0, 0.0]);
    assert_eq!(part.value_added_components().codes().collect::<Vec<_>>(), ["v", "paid"]);
    assert_eq!(part.value_added().row(1).iter().copied().collect::<Vec<_>>(), [5.0, 13.0]);
    assert_eq!(
        refusal(read("s,a\na,1\n", &both)),
        "t.csv:3:1: there is no output for \"rest\" to be the rest of"
    );
    Ok(())
}

#[test]
fn make_and_use_tables_that_are_refused() {
    let make = |from: &str, to: &str| refusal(make_use(&MAKE.replacen(from, to, 1), USE));
    let use_ = |from: &str, to: &str| refusal(make_use(MAKE, &USE.replacen(from, to, 1)));
    assert_eq!(refusal(make_use("", USE)), "make.csv:1:1: the file is empty, must start with column labels");
    assert_eq!(
        make("\n2,0,50,50", ""),
        "use.csv:1:3: column \"2\" is no industry of make.csv and no final demand (F\u{2026})"
    );
    assert_eq!(
        make("code,1,2", "code,1,3"),
        "use.csv:3:1: row \"2\" is no commodity of make.csv and no value added (V\u{2026})"
    );
    assert_eq!(use_("\n2,10,5,15,45,60", ""), "use.csv:6:1: commodity \"2\" of the make table is missing");
    assert_eq!(use_("code,1,2", "code,1,F020"), "use.csv:7:1: industry \"2\" of the make table is missing");
    assert_eq!(
        use_("T001", "T002"),
        "use.csv:1:4: total \"T002\" is unknown, known are T001, T004 to T008 and their names"
    );
    assert_eq!(
        use_("70,15,0,0,0", "70,15,0,7,0"),
        "use.csv:5:5: value added of final demand is 7, must be 0"
    );
    assert_eq!(
        use_("\nV001,70,15,0,0,0", ""),
        "use.csv:6:1: there is no value-added component, must be at least one"
    );
    // Cut in the middle of a record, as by a broken download.
    assert_eq!(refusal(make_use(MAKE, &USE[..52])), "use.csv:3:6: the record has 5 fields, must have 6");
}

#[test]
fn stated_totals_are_checked_not_trusted() -> Result<(), Error> {
    let tables = make_use(MAKE, &USE.replacen("1,20,30,50,", "1,20,30,55,", 1))?;
    assert_eq!(tables.make(), make_use(MAKE, USE)?.make());
    assert_eq!(
        tables.validate().to_string(),
        "stated total: 1\n  use.csv, row \"1\", column \"T001\": cells sum to 50, stated is 55 (tolerance 1.5)"
    );
    Ok(())
}

#[test]
fn names_that_are_refused() {
    let names = |text: &str| refusal(Names::read_csv(Source::new("n.csv", text.as_bytes())));
    assert_eq!(names("a,b,c\n"), "n.csv:1:3: the record has 3 fields, must have 2");
    assert_eq!(names("a,b\n\"a\",c\n"), "n.csv:2:1: code \"a\" appears twice");
    assert_eq!(names("a, \n"), "n.csv:1:2: is empty, must have a text");
}

#[test]
fn errors_say_where() {
    let error = table(b"s,a,final:f\na,1,x\nvalue:v,1,\n").unwrap_err();
    assert_eq!(error.location(), Some(("t.csv", 2, 3)));
    assert!(error.is_parse() && error.is_invalid_input() && !error.is_unreadable());
}

#[test]
fn serialised_tables_are_validated_again() -> Result<(), Box<dyn std::error::Error>> {
    let table = table(TABLE.as_bytes())?;
    let text = serde_json::to_string(&table)?;
    assert_eq!(
        text,
        "{\"version\":1,\"sectors\":[{\"code\":\"a\",\"name\":\"Farming\"},{\"code\":\"b\",\"name\":\"Making, and mending\"}],\
         \"flows\":[[1.5,5.0],[2.0,1.0]],\"final_demand_categories\":[{\"code\":\"f\",\"name\":\"f\"}],\
         \"final_demand\":[[3.5],[17.0]],\"value_added_components\":[{\"code\":\"v\",\"name\":\"Value added\"}],\
         \"value_added\":[[6.5,14.0]],\"output\":[10.0,20.0],\"rounding\":0.1}"
    );
    assert_eq!(serde_json::from_str::<IoTable>(&text)?, table);
    for (from, to, message) in [
        ("\"version\":1", "\"version\":2", "table: is of version 2, this library reads version 1"),
        ("[2.0,1.0]", "[2.0]", "flows: row 2 has 1 cells, the first row has 2"),
        ("[[6.5,14.0]]", "[[6.5]]", "value added: is 1 x 1, must be 1 x 2"),
        ("[10.0,20.0]", "[10.0]", "output: has 1 entries, must have 2"),
        ("\"rounding\":0.1", "\"rounding\":-1", "rounding unit: is -1, must be finite and not negative"),
        ("\"code\":\"b\"", "\"code\":\"a\"", "sector \"a\": appears twice, as number 1 and number 2"),
    ] {
        let refused =
            serde_json::from_str::<IoTable>(&text.replacen(from, to, 1)).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|error| error.starts_with(message)), "{to}");
    }
    let us = datasets::bea_2002()?;
    assert_eq!(serde_json::from_str::<MakeUse>(&serde_json::to_string(&us)?)?, us);
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(table in tables(6)) {
        let mut text = Vec::new();
        table.write_csv(&mut text)?;
        let read = IoTable::read_csv(Source::new("memory", text.as_slice()))?;
        prop_assert_eq!(read.with_rounding(0.0)?, table);
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = table(&bytes);
        let _ = MakeUse::read_bea_csv(Source::new("m", bytes.as_slice()), Source::new("u", USE.as_bytes()));
        let _ = MakeUse::read_bea_csv(Source::new("m", MAKE.as_bytes()), Source::new("u", bytes.as_slice()));
    }

    /// Like real files, but not quite: the interesting errors are past the header.
    #[test]
    fn damaged_tables_get_an_answer(
        at in 0..TABLE.len(), cut in 0..6usize, put in "[-a:,\"\n0-9.eEfNinv ]{0,4}",
    ) {
        for text in [TABLE, USE] {
            let at = at.min(text.len());
            let damaged = format!("{}{put}{}", &text[..at], &text[(at + cut).min(text.len())..]);
            for error in [table(damaged.as_bytes()).err(), make_use(MAKE, &damaged).err(), make_use(&damaged, USE).err()] {
                prop_assert!(error.is_none_or(|error| error.is_invalid_input()));
            }
            if let Ok(read) = table(damaged.as_bytes()) {
                let _ = read.validate().to_string();
                let _ = parecon_io::Technology::from_table(&read).map(|technology| {
                    let _ = technology.productivity().to_string();
                    technology.output_for(&read.total_final_demand()).map(|x| x.iter().all(|value| value.is_finite()))
                });
            }
        }
    }
}
