//! Tables as others publish them: what is read, what is refused, and what comes back after it was written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use parecon_io::formats::{
    Folder, Import, Processing, read_figaro, read_figaro_flat, read_figaro_supply_use, read_icio, read_long,
    read_pymrio, read_wiod, write_long, write_pymrio,
};
use parecon_io::nalgebra::{DMatrix, dmatrix};
use parecon_io::{Axis, Check, Error, IoTable, Regions, Satellite, Source, Technology, datasets};
use proptest::prelude::*;

const WIOD: &str = include_str!("data/wiod2011_excerpt.csv");
const ICIO: &str = "\
,AUS_01T02,AUS_A01_02,CN1_01T02,CHN_01T02,AUS_HFCE,CHN_GFCF,DISC,OUT
AUS_01T02,1,2,3,0,4.5,5,0,15.5
AUS_A01_02,2,2,2,0,2,2,0.5,10.5
CN1_01T02,0.5,0,1,0,0,3,0,4.5
CHN_01T02,0,0,0,0.5,0,1,0,1.5
AUS_TAXSUB,1,1,0,0,7,0,0,0
VALU,11,5.5,-1.5,1,0,0,0,0
TTL_01,9,9,9,9,9,9,9,9
OUT,15.5,10.5,4.5,1.5,0,0,0,0
";
const FIGARO: &str = "\
rowLabels,AT_CPA_A01,FIGW1_CPA_A01,AT_P3_S14,AT_P51G,FIGW1_P5M
AT_CPA_A01,1.5,2,3,4,5
FIGW1_CPA_A01,0.5,1,2,0,-3
W2_D21X31,0.5,0.25,1.25,0,0
W2_B2A3G,13,-2.75,0,0,0
";
const FLAT: &str = "\
iciopRow,iciopCol,refArea,rowPp,counterpartArea,colPp,obsValue
AT_CPA_A01,AT_CPA_A01,AT,CPA_A01,AT,CPA_A01,1.5
AT_CPA_A01,FIGW1_CPA_A01,AT,CPA_A01,FIGW1,CPA_A01,2
AT_CPA_A01,AT_P3_S14,AT,CPA_A01,AT,P3_S14,3
AT_CPA_A01,AT_P51G,AT,CPA_A01,AT,P51G,4
AT_CPA_A01,FIGW1_P5M,AT,CPA_A01,FIGW1,P5M,5
FIGW1_CPA_A01,AT_CPA_A01,FIGW1,CPA_A01,AT,CPA_A01,0.5
FIGW1_CPA_A01,FIGW1_CPA_A01,FIGW1,CPA_A01,FIGW1,CPA_A01,1
FIGW1_CPA_A01,AT_P3_S14,FIGW1,CPA_A01,AT,P3_S14,2
FIGW1_CPA_A01,FIGW1_P5M,FIGW1,CPA_A01,FIGW1,P5M,-3
W2_D21X31,AT_CPA_A01,W2,D21X31,AT,CPA_A01,0.5
W2_D21X31,FIGW1_CPA_A01,W2,D21X31,FIGW1,CPA_A01,0.25
W2_D21X31,AT_P3_S14,W2,D21X31,AT,P3_S14,1.25
W2_B2A3G,AT_CPA_A01,W2,B2A3G,AT,CPA_A01,13
W2_B2A3G,FIGW1_CPA_A01,W2,B2A3G,FIGW1,CPA_A01,-2.75
";
const LONG: &str = include_str!("data/long.csv");
const Z: &str = "region\t\tAT\tAT\tDE\nsector\t\tfood\tgoods\tfood\nregion\tsector\t\t\t\nAT\tfood\t1\t2\t3\nAT\tgoods\t4\t5\t6\nDE\tfood\t7\t8\t9\n";
const Y: &str = "region\t\tAT\tDE\ncategory\t\thomes\thomes\nregion\tsector\t\t\nAT\tfood\t10\t14\nAT\tgoods\t20\t25\nDE\tfood\t30\t36\n";
const X: &str = "region\tsector\tindout\nDE\tfood\t90\nAT\tgoods\t60\nAT\tfood\t30\n";
const UNIT: &str = "region\tsector\tunit\nAT\tfood\tM.EUR\nAT\tgoods\tM.EUR\nDE\tfood\tM.EUR\n";
const F: &str = "region\tDE\tAT\tAT\nsector\tfood\tfood\tgoods\nstressor\t\t\t\nWages | all, total\t72\t18\t45\nCO2\t\t1e-3\t2\n";
const F_Y: &str = "region\tAT\tDE\ncategory\thomes\thomes\nstressor\t\t\nCO2\t3\t4\n";
const F_UNIT: &str = "stressor\tunit\nWages | all, total\tM.EUR\nCO2\tkt\n";

type Files = BTreeMap<String, Vec<u8>>;

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// As EXIOBASE up to 3.8, but for the size.
fn exiobase() -> Files {
    files(&[
        ("Z.txt", Z),
        ("Y.txt", Y),
        ("x.txt", X),
        ("unit.txt", UNIT),
        ("satellite/F.txt", F),
        ("satellite/F_hh.txt", F_Y),
        ("satellite/unit.txt", F_UNIT),
        ("notes/readme.txt", "nothing to be read"),
    ])
}

/// A folder that no other test uses; whoever asks for it removes it.
fn fresh_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("parecon-io-formats-{}-{count}", std::process::id()))
}

fn codes<K: parecon_io::AxisKind>(axis: &Axis<K>) -> Vec<&str> {
    axis.codes().collect()
}

fn bytes(text: &str) -> Source<&[u8]> {
    Source::new("t.csv", text.as_bytes())
}

fn icio(text: &str) -> Result<Import, Error> {
    read_icio(bytes(text), Processing::Merged)
}

/// The message of a refusal; the text `accepted` where there is none.
fn refusal<T>(result: Result<T, Error>) -> String {
    result.err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
}

fn notes(import: &Import) -> String {
    import.notes.to_string()
}

#[test]
fn an_excerpt_of_wiod() -> Result<(), Error> {
    let Import { table, notes, .. } = read_wiod(bytes(WIOD))?;
    assert!(notes.is_clean());
    assert_eq!(codes(table.regions().regions()), ["AUS", "LUX", "SVN"]);
    assert_eq!(codes(table.regions().branches()), ["c1", "c8", "c24"]);
    assert_eq!(codes(table.regions().purposes()), ["C37", "C38", "C39", "C41", "C42"]);
    assert_eq!((table.unit(), table.rounding()), ("million US dollars", 1.0));
    assert_eq!(table.flows()[(0, 0)], 8732.0);
    // Luxembourg refines nothing, and draws one million from stocks.
    assert_eq!(table.output()[table.sector("LUX.c8")?.index()], -1.0);
    assert!(table.validate().is_balanced());
    Ok(())
}

/// The sheet of the published workbook says the same in another layout, and more.
#[test]
fn the_workbook_of_wiod() -> Result<(), Error> {
    let text = "\
Intercountry Input-Output Table for 2009,,,,,,,,
,,,,,,,,
(industry-by-industry),,,,AtB,AtB,,,
(millions of US$),,,,\"Agriculture, Hunting\",\"Agriculture, Hunting\",Households,Households,Total output
,,,,AUS,ROM,AUS,ROM,
,,,,c1,c1,c37,c37,
AtB,\"Agriculture, Hunting\",AUS,c1,1,2,3,4,10
AtB,\"Agriculture, Hunting\",ROM,c1,2,2,-1,7,10
,Total intermediate consumption,TOT,r60,3,4,2,11,20
,Value added at basic prices,TOT,r64,7,6,0,2,15
,Output at basic prices,TOT,r69,10,10,2,13,35
";
    let import = read_wiod(bytes(text))?;
    let table = &import.table;
    assert_eq!(codes(table.sectors()), ["AUS.c1", "ROU.c1"]);
    assert_eq!(table.sectors().name(table.sector("AUS.c1")?), "Agriculture, Hunting, AUS");
    assert_eq!(table.unit(), "millions of US$");
    assert_eq!(table.value_added(), &dmatrix![7.0, 6.0]);
    assert_eq!(
        table.value_added_components().name(table.value_added_components().id("r64")?),
        "Value added at basic prices"
    );
    assert!(table.validate().is_clean());
    assert_eq!(
        notes(&import),
        "left out: 1\n  value-added component \"r64\" of final demand: left out, sums to 2"
    );
    let damaged = |from: &str, to: &str| refusal(read_wiod(bytes(&text.replacen(from, to, 1))));
    assert_eq!(damaged("c1,1,2", "c1,1,II"), "t.csv:7:6: \"II\" is not a number");
    assert_eq!(
        damaged("TOT,r60", "TOT,q60"),
        "t.csv:9:1: row \"q60\" is no branch (c1 to c35) and no primary input (r60 to r69)"
    );
    assert_eq!(damaged(",,,,c1,c1", ",,,,c1,c2"), "t.csv:3:6: sector \"ROU.c2\" has a column but no row");
    Ok(())
}

/// The sheet of the workbooks of 2016, whose rows and columns go by other labels; laid out as in the tests of MARIO.
#[test]
fn the_workbook_of_wiod_2016() -> Result<(), Error> {
    let text = "\
Intercountry Input-Output Table,,,,,,,,,
\"43 countries, in current prices\",,,,,,,,,
(industry-by-industry),,,,A01,C10-C12,A01,CONS_h,INVEN,GO
(millions of US$),,,,Crops,Food,Crops,Households,Stocks,Total output
,,,,ITA,ITA,ROW,ITA,ROW,TOT
,,,,c1,c5,c1,c57,c61,c62
A01,Crops,ITA,r1,10,1,2,4,3,20
C10-C12,Food,ITA,r5,3,12,0,7,-2,20
A01,Crops,ROW,r1,1,0,5,2,2,10
II_fob,Total intermediate consumption,TOT,r65,14,13,7,13,3,50
TXSP,taxes less subsidies on products,TOT,r66,1,1,0,1,0,3
VA,Value added at basic prices,TOT,r70,4,5,3,0,0,12
IntTTM,International Transport Margins,TOT,r71,1,1,0,0,0,2
GO,Output at basic prices,TOT,r73,20,20,10,14,3,67
";
    let import = read_wiod(bytes(text))?;
    let table = &import.table;
    assert_eq!(codes(table.sectors()), ["ITA.A01", "ITA.C10-C12", "ROW.A01"]);
    assert_eq!(table.sectors().name(table.sector("ITA.A01")?), "Crops, ITA");
    assert_eq!(codes(table.final_demand_categories()), ["ITA.CONS_h", "ROW.INVEN"]);
    assert_eq!(codes(table.value_added_components()), ["TXSP", "VA", "IntTTM"]);
    assert_eq!(table.flows(), &dmatrix![10.0, 1.0, 2.0; 3.0, 12.0, 0.0; 1.0, 0.0, 5.0]);
    assert_eq!(table.final_demand(), &dmatrix![4.0, 3.0; 7.0, -2.0; 2.0, 2.0]);
    assert_eq!(table.value_added(), &dmatrix![1.0, 1.0, 0.0; 4.0, 5.0, 3.0; 1.0, 1.0, 0.0]);
    assert_eq!(table.output().as_slice(), [20.0, 20.0, 10.0]);
    assert_eq!(table.unit(), "millions of US$");
    assert!(table.validate().is_clean(), "{}", table.validate());
    assert_eq!(import.notes.of(Check::LeftOut).count(), 1);
    let damaged = |from: &str, to: &str| refusal(read_wiod(bytes(&text.replacen(from, to, 1))));
    assert_eq!(damaged("A01,Crops,ROW", ",Crops,ROW"), "t.csv:9:1: row \"\" has no region or no code");
    assert_eq!(
        damaged(",ITA,ITA,ROW", ",TOT,ITA,ROW"),
        "t.csv:3:5: column \"A01\" is of no region, or is a total that is not the last column"
    );
    assert_eq!(
        damaged("C10-C12,A01", "C10-C12,A02"),
        "t.csv:3:7: sector \"ROW.A02\" has a column but no row"
    );
    Ok(())
}

/// All that is wrong with a table that was published in whole millions.
#[test]
fn wiod_2011_with_all_its_defects() -> Result<(), Error> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/input-output/wiod2011_41x35.csv.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return Ok(());
    };
    let Import { table, .. } = read_wiod(Source::new("wiod2011.csv", flate2::read::GzDecoder::new(file)))?;
    assert_eq!((table.len(), table.final_demand().ncols()), (1435, 205));
    assert_eq!((table.regions().regions().len(), table.regions().branches().len()), (41, 35));
    let report = table.validate_strictly();
    assert_eq!(report.of(Check::ZeroOutput).count(), 20);
    assert_eq!(report.of(Check::NegativeFinalDemand).count(), 352);
    assert_eq!(report.of(Check::NegativeCell).count(), 0);
    let sums: Vec<String> = report.of(Check::ColumnSum).map(ToString::to_string).collect();
    assert_eq!(
        sums,
        [
            "sector \"LUX.c24\": column sums to 1.125, must be below 1",
            "sector \"SVN.c8\": column sums to 1, must be below 1",
        ]
    );
    // Value added is the rest, so that columns balance, and is negative where purchases cost more than output.
    assert!(report.is_balanced());
    let found = |check| report.of(check).map(|f| (f.offender.clone(), f.value)).collect::<Vec<_>>();
    assert_eq!(
        found(Check::NegativeOutput),
        [("sector \"LUX.c5\"".into(), -1.0), ("sector \"LUX.c8\"".into(), -1.0)]
    );
    let rest = |sector: &str| format!("value-added component \"rest\" of sector {sector:?}");
    assert_eq!(
        found(Check::NegativeValueAdded),
        [(rest("LUX.c5"), -1.0), (rest("LUX.c8"), -1.0), (rest("LUX.c24"), -4.0)]
    );

    // Value added contained in what is consumed is the value added that is produced.
    let technology = Technology::from_table(&table)?;
    let consumed = (technology.footprint(&table.value_added_intensities()?)? * table.total_final_demand())[0];
    let produced = table.value_added().sum();
    assert!((consumed - produced).abs() < 1e-9 * produced, "{consumed} {produced}");
    Ok(())
}

#[test]
fn icio_in_all_its_spellings() -> Result<(), Error> {
    let import = icio(ICIO)?;
    let table = &import.table;
    assert_eq!(codes(table.sectors()), ["AUS.01T02", "AUS.A01_02", "CHN.01T02"]);
    assert_eq!(codes(table.final_demand_categories()), ["AUS.HFCE", "CHN.GFCF", "ALL.DISC"]);
    assert_eq!(table.flows(), &dmatrix![1.0, 2.0, 3.0; 2.0, 2.0, 2.0; 0.5, 0.0, 1.5]);
    assert_eq!(codes(table.value_added_components()), ["AUS_TAXSUB", "VALU"]);
    assert_eq!(table.output().as_slice(), [15.5, 10.5, 6.0]);
    assert!(table.validate().is_balanced(), "{}", table.validate());
    assert_eq!(
        notes(&import),
        "left out: 1\n  value-added component \"AUS_TAXSUB\" of final demand: left out, sums to 7"
    );
    let apart = read_icio(bytes(ICIO), Processing::Apart)?.table;
    assert_eq!(codes(apart.regions().regions()), ["AUS", "CN1", "CHN", "ALL"]);
    assert!(apart.validate().is_balanced());
    // The release of 2016 puts purposes first.
    assert_eq!(icio(&ICIO.replace("AUS_HFCE", "HFCE_AUS"))?, import);
    // A stated total that does not fit is reported.
    let stated = icio(&ICIO.replace("\nOUT,15.5", "\nOUT,19"))?;
    assert_eq!(
        notes(&stated).lines().nth(1),
        Some("  output of sector \"AUS.01T02\" in its row: cells sum to 15.5, stated is 19 (tolerance 0.1)")
    );
    let damaged = |from: &str, to: &str| refusal(icio(&ICIO.replacen(from, to, 1)));
    assert_eq!(damaged("AUS_A01_02,C", "AUS_A01,C"), "t.csv:1:3: sector \"AUS.A01\" has a column but no row");
    assert_eq!(
        damaged("\nCHN_01T02", "\nCHN_01"),
        "t.csv:1:5: accepted"
            .replace("t.csv:1:5: accepted", "t.csv:5:1: sector \"CHN.01\" has a row but no column")
    );
    assert_eq!(
        damaged("\nVALU", "\nRest"),
        "t.csv:7:1: row \"Rest\" is neither REGION_INDUSTRY nor value added (VA, TLS) nor output"
    );
    Ok(())
}

#[test]
fn figaro_as_matrix_and_flat() -> Result<(), Error> {
    let matrix = read_figaro(bytes(FIGARO))?;
    assert!(matrix.table.validate().is_balanced(), "{}", matrix.table.validate());
    assert_eq!(codes(matrix.table.regions().regions()), ["AT", "FIGW1"]);
    assert_eq!(codes(matrix.table.value_added_components()), ["D21X31", "B2A3G"]);
    assert_eq!(
        notes(&matrix),
        "left out: 1\n  value-added component \"D21X31\" of final demand: left out, sums to 1.25"
    );
    assert_eq!(read_figaro_flat(bytes(FLAT))?, matrix);
    let damaged = |from: &str, to: &str| refusal(read_figaro_flat(bytes(&FLAT.replacen(from, to, 1))));
    assert_eq!(damaged("AT,CPA_A01,2", "AT,CPA_A01,"), "accepted");
    assert_eq!(damaged("AT,CPA_A01,1.5", "AT,CPA_A01,"), "t.csv:2:7: is empty, must be a number");
    assert_eq!(
        damaged("P51G,AT,CPA_A01,AT,P51G", "P51G,AT,CPA_A01,AT,P3_S14"),
        "t.csv:5:1: \"AT.CPA_A01\" to \"AT.P3_S14\" appears twice"
    );
    assert_eq!(damaged("obsValue", "value"), "t.csv:1:8: there is no column \"obsValue\"");
    assert_eq!(
        damaged("rowPp", "rowPi"),
        "t.csv:1:8: there is no column \"rowIi\" or \"rowPp\" (of a symmetric table)"
    );
    assert_eq!(damaged("refArea,", ""), "t.csv:1:7: there is no column \"refArea\"");
    Ok(())
}

/// Supply and use of two countries; shapes and orientation as in MARIO, whose parser reads the same files.
#[test]
fn figaro_supply_and_use() -> Result<(), Error> {
    let supply = "\
icsupRow,icsupCol,refArea,rowPi,counterpartArea,colPi,obsValue
AT_CPA_A01,AT_A01,AT,CPA_A01,AT,A01,8.5
AT_CPA_B,AT_A01,AT,CPA_B,AT,A01,1.5
AT_CPA_B,AT_B,AT,CPA_B,AT,B,5
BE_CPA_A01,BE_A01,BE,CPA_A01,BE,A01,4
";
    let use_ = "\
icuseRow,icuseCol,refArea,rowPi,counterpartArea,colPi,obsValue
AT_CPA_A01,BE_A01,AT,CPA_A01,BE,A01,3
AT_CPA_B,AT_A01,AT,CPA_B,AT,A01,6.5
AT_CPA_A01,BE_P3_S14,AT,CPA_A01,BE,P3_S14,7
BE_CPA_A01,AT_P51G,BE,CPA_A01,AT,P51G,4
AT_CPA_A01,AT_P51G,AT,CPA_A01,AT,P51G,-1.5
W2_D1,AT_A01,W2,D1,AT,A01,3.5
W2_D1,AT_B,W2,D1,AT,B,5
W2_D21X31,BE_P3_S14,W2,D21X31,BE,P3_S14,0.25
W2_D1,BE_A01,W2,D1,BE,A01,1
";
    let read = |supply: &str, use_: &str| {
        let source = |name: &str, text: &str| Source::new(name, std::io::Cursor::new(text.to_owned()));
        read_figaro_supply_use(source("s.csv", supply), source("u.csv", use_))
    };
    let tables = read(supply, use_)?;
    assert_eq!(codes(tables.industries()), ["AT.A01", "AT.B", "BE.A01"]);
    assert_eq!(codes(tables.commodities()), ["AT.CPA_A01", "AT.CPA_B", "BE.CPA_A01"]);
    assert_eq!(tables.make(), &dmatrix![8.5, 1.5, 0.0; 0.0, 5.0, 0.0; 0.0, 0.0, 4.0]);
    assert_eq!(tables.use_(), &dmatrix![0.0, 0.0, 3.0; 6.5, 0.0, 0.0; 0.0, 0.0, 0.0]);
    assert_eq!(codes(tables.final_demand_categories()), ["BE.P3_S14", "AT.P51G"]);
    assert_eq!(tables.final_demand(), &dmatrix![7.0, -1.5; 0.0, 0.0; 0.0, 4.0]);
    assert_eq!(codes(tables.value_added_components()), ["D1", "D21X31"]);
    assert_eq!(tables.value_added(), &dmatrix![3.5, 5.0, 1.0; 0.0, 0.0, 0.0]);
    assert_eq!(tables.rounding(), 0.01);
    let report = tables.validate();
    assert!(report.is_balanced(), "{report}");
    assert_eq!(report.of(Check::LeftOut).map(|found| found.value).collect::<Vec<_>>(), [0.25]);
    // Into one table, and its regions back out of the codes.
    let table = tables.to_symmetric(parecon_io::Model::FixedProductSales)?;
    let regions = Regions::split(table.sectors(), table.final_demand_categories(), '.')?;
    assert_eq!(codes(table.with_regions(regions)?.regions().regions()), ["AT", "BE"]);

    let damaged =
        |from: &str, to: &str| refusal(read(&supply.replacen(from, to, 1), &use_.replacen(from, to, 1)));
    assert_eq!(damaged(",8.5", ",x"), "s.csv:2:7: \"x\" is not a number");
    assert_eq!(
        damaged("AT,A01,1.5", "AT,P51G,1.5"),
        "s.csv:3:6: \"P51G\" is final demand, which supplies nothing"
    );
    assert_eq!(
        damaged("BE,CPA_A01,BE,A01,4", "W2,CPA_A01,BE,A01,4"),
        "s.csv:5:3: \"W2\" is primary inputs, which are not supplied"
    );
    assert_eq!(
        damaged("AT,CPA_B,AT,B,5", "AT,CPA_B,AT,A01,5"),
        "s.csv:4:1: \"AT.A01\" to \"AT.CPA_B\" appears twice"
    );
    assert_eq!(damaged("AT,B,5", "AT,TOTAL,5"), "s.csv:4:6: AT_TOTAL: \"TOTAL\" is a sum, must be left out");
    assert_eq!(
        damaged("BE,CPA_A01,BE,A01,4", "BE,CPA_TOT,BE,A01,4"),
        "s.csv:5:3: BE_CPA_TOT: \"TOT\" is a sum, must be left out"
    );
    assert_eq!(damaged("AT,B,5", "W2,B,5"), "s.csv:4:6: \"W2\" is primary inputs, which take nothing");
    for code in ["P6", "P7", "P1", "P2"] {
        assert_eq!(
            damaged("AT,B,5", &format!("AT,{code},5")),
            format!("s.csv:4:6: \"{code}\" is neither an industry nor final demand (P3, P5)")
        );
    }
    let educated = read(&supply.replacen("AT,B,5", "AT,P85,5", 1), use_)?;
    assert!(educated.industries().id("AT.P85").is_ok());
    assert_eq!(damaged("W2,D1,AT,B", "W2,D1,AT,A01"), "u.csv:8:1: \"D1\" to \"AT.A01\" appears twice");
    assert_eq!(refusal(read(FLAT, use_)), "s.csv:1:8: there is no column \"rowPi\" (of a supply table)");

    // The same in matrix form, labelled as Eurostat's matrix files are; each file may have either form.
    let supply_matrix = "\
rowLabels,AT_A01,AT_B,BE_A01
AT_CPA_A01,8.5,0,0
AT_CPA_B,1.5,5,0
BE_CPA_A01,0,0,4
";
    let use_matrix = "\
rowLabels,AT_A01,AT_B,BE_A01,BE_P3_S14,AT_P51G
AT_CPA_A01,0,0,3,7,-1.5
AT_CPA_B,6.5,0,0,0,0
BE_CPA_A01,0,0,0,0,4
W2_D1,3.5,5,1,0,0
W2_D21X31,0,0,0,0.25,0
";
    for (supply, use_) in [(supply_matrix, use_matrix), (supply, use_matrix), (supply_matrix, use_)] {
        assert_eq!(read(supply, use_)?, tables);
    }
    let damaged = |from: &str, to: &str| {
        refusal(read(&supply_matrix.replacen(from, to, 1), &use_matrix.replacen(from, to, 1)))
    };
    assert_eq!(damaged("A01,8.5", "A01,x"), "s.csv:2:2: \"x\" is not a number");
    assert_eq!(
        damaged("AT_B,BE_A01\n", "AT_B,BE_P51G\n"),
        "s.csv:1:4: \"P51G\" is final demand, which supplies nothing"
    );
    assert_eq!(
        damaged("BE_CPA_A01,0,0,4\n", "W2_D1,0,0,4\n"),
        "s.csv:4:1: \"W2\" is primary inputs, which are not supplied"
    );
    assert_eq!(damaged("AT_CPA_B,1.5", "AT,1.5"), "s.csv:3:1: \"AT\" is not AREA_CODE");
    assert_eq!(
        damaged("AT_CPA_B,6.5", "AT_CPA_A01,6.5"),
        "u.csv:3:1: row \"AT_CPA_A01\" appears twice, first in line 2"
    );
    assert_eq!(
        refusal(read(supply, supply_matrix)),
        "u.csv:4:1: there is no final demand, must be at least one"
    );
    let gaps = read(supply_matrix, &use_matrix.replacen("AT_CPA_B,6.5,0,0", "AT_CPA_B,6.5,,", 1))?;
    assert_eq!(gaps.validate().of(Check::EmptyCells).map(|found| found.value).collect::<Vec<_>>(), [2.0]);
    assert_eq!(
        refusal(read(supply, &use_[..63])),
        "u.csv:2:1: there is no final demand, must be at least one"
    );
    Ok(())
}

#[test]
fn one_record_per_flow() -> Result<(), Error> {
    let table = read_long(bytes(LONG))?.table;
    assert!(table.validate().is_clean(), "{}", table.validate());
    assert_eq!(codes(table.sectors()), ["north.farming", "south.mining"]);
    assert_eq!(table.unit(), "M$");
    let air = table.satellite("air")?;
    assert_eq!(air.flows(), &dmatrix![0.0, 7.0]);
    assert_eq!(air.final_demand(), Some(&dmatrix![0.0, 1.0]));
    assert_eq!(air.units(), ["kt"]);
    let damaged = |from: &str, to: &str| refusal(read_long(bytes(&LONG.replacen(from, to, 1))));
    assert_eq!(damaged("mining,2,M$", "mining,NaN,M$"), "t.csv:2:5: \"NaN\" is not a finite number");
    assert_eq!(damaged("mining,2,M$", "mining,2"), "t.csv:2:6: the record has 5 fields, must have 6");
    assert_eq!(damaged("mining,2,M$", "mining,2,T$"), "t.csv:3:6: unit is \"M$\" here and \"T$\" before");
    assert_eq!(
        damaged("final:homes,1,kt", "final:homes,1,t"),
        "t.csv:9:6: unit is \"t\" here and \"kt\" before"
    );
    assert_eq!(damaged("\nnorth,farming,south", "\n,farming,south"), "t.csv:2:1: is empty, must have a text");
    assert_eq!(
        damaged(",value:wages,north", ",value:,north"),
        "t.csv:6:2: there is no code after \"value:\""
    );
    assert_eq!(
        damaged("\n,value", "\nnorth,value"),
        "t.csv:6:2: \"value:wages\" has region \"north\", must have none"
    );
    assert_eq!(
        damaged("south,final:homes,3", ",value:homes,3"),
        "t.csv:5:2: value added and stressors only give, they take nothing"
    );
    assert_eq!(
        damaged("north,farming,8.5", "south,mining,8.5"),
        "t.csv:7:1: \"wages\" to \"south.mining\" appears twice"
    );
    assert_eq!(damaged("value,unit", "amount,unit"), "t.csv:1:7: there is no column \"value\"");
    assert_eq!(
        refusal(read_long(bytes(""))),
        "t.csv:1:1: the file is empty, must start with the names of its columns"
    );
    assert_eq!(
        refusal(read_long(bytes("from,to,value\n"))),
        "t.csv:2:1: there is no sector, must be at least one"
    );
    assert_eq!(
        refusal(read_long(bytes("from,to,value\na,output,3\na,final:f,2\nb,final:f,2\n"))),
        "t.csv:5:1: sector \"b\" has no output, others have"
    );
    Ok(())
}

#[test]
fn exiobase_with_labels_in_another_order() -> Result<(), Error> {
    let import = read_pymrio(&exiobase())?;
    let table = &import.table;
    assert_eq!(codes(table.sectors()), ["AT.food", "AT.goods", "DE.food"]);
    assert_eq!(table.output().as_slice(), [30.0, 60.0, 90.0]);
    assert_eq!(table.unit(), "M.EUR");
    assert!(table.validate().is_clean(), "{}", table.validate());
    // The stressor in the table's unit is its value added.
    assert_eq!(table.value_added(), &dmatrix![18.0, 45.0, 72.0]);
    let account = table.satellite("satellite")?;
    assert_eq!(codes(account.stressors()), ["Wages | all, total", "CO2"]);
    assert_eq!(account.flows(), &dmatrix![18.0, 45.0, 72.0; 1e-3, 2.0, 0.0]);
    assert_eq!(account.final_demand(), Some(&dmatrix![0.0, 0.0; 3.0, 4.0]));
    assert_eq!(account.units(), ["M.EUR", "kt"]);
    assert_eq!(notes(&import), "empty cells: 1\n  satellite/F.txt:5:2 and on: 1 cells are empty, read as 0");

    // Coefficients and intensities say the same.
    let x = table.output();
    let scaled = |text: &str, lead: usize| -> String {
        let by_label = |k: usize| if lead == 2 { x[k] } else { [90.0, 30.0, 60.0][k] };
        let line = |(i, line): (usize, &str)| {
            let cell = |(j, field): (usize, &str)| match field.parse::<f64>() {
                Ok(value) if j >= lead => (value / by_label(j - lead)).to_string(),
                _ => field.to_owned(),
            };
            if i < 3 {
                line.to_owned()
            } else {
                line.split('\t').enumerate().map(cell).collect::<Vec<_>>().join("\t")
            }
        };
        text.lines().enumerate().map(line).map(|line| line + "\n").collect()
    };
    for with_output in [true, false] {
        let mut files = exiobase();
        files.remove("Z.txt");
        files.remove("satellite/F.txt");
        files.insert("A.txt".into(), scaled(Z, 2).into());
        files.insert("satellite/S.txt".into(), scaled(F, 1).into());
        if !with_output {
            files.remove("x.txt");
        }
        let again = read_pymrio(&files)?.table;
        let close = |a: &DMatrix<f64>, b: &DMatrix<f64>| (a - b).amax() < 1e-12 * b.amax();
        assert!(close(again.flows(), table.flows()));
        assert!(close(again.satellite("satellite")?.flows(), account.flows()));
        assert!((again.output() - x).amax() < 1e-12 * x.amax());
    }
    Ok(())
}

/// A register of persons, say, and no table: a quarter of a million labels would take half a terabyte.
#[test]
fn labels_without_end_are_refused() {
    let mut text = String::from("from,to,value\na,final:f,1\n");
    for k in 0..250_000 {
        text += &format!("{k},a,1\n");
    }
    assert_eq!(refusal(read_long(bytes(&text))), "t.csv:1:1: 250001 x 250001 cells do not fit into memory");
}

#[test]
fn folders_that_are_refused() {
    let damaged = |path: &str, from: &str, to: &str| {
        let mut files = exiobase();
        if let Some(text) = files.get_mut(path) {
            *text = String::from_utf8_lossy(text).replacen(from, to, 1).into_bytes();
        }
        refusal(read_pymrio(&files))
    };
    assert_eq!(damaged("Z.txt", "\t8\t", "\teight\t"), "Z.txt:6:4: \"eight\" is not a number");
    assert_eq!(damaged("Z.txt", "\t8\t9", "\t8"), "Z.txt:6:5: the record has 4 fields, must have 5");
    assert_eq!(
        damaged("Z.txt", "DE\tfood\t7", "AT\tfood\t7"),
        "Z.txt:6:1: row \"AT, food\" appears twice, first in line 4"
    );
    assert_eq!(
        damaged("Z.txt", "DE\tfood\t7", "DE\tfish\t7"),
        "Z.txt:1:5: \"DE.food\" is not one of the table's"
    );
    assert_eq!(damaged("Y.txt", "DE\tfood\t30\t36\n", ""), "Y.txt:6:1: there is no row \"DE.food\"");
    assert_eq!(damaged("Y.txt", Y, ""), "Y.txt:1:1: the file is empty, must start with column labels");
    assert_eq!(damaged("x.txt", "90", "inf"), "x.txt:2:3: \"inf\" is not a finite number");
    assert_eq!(
        damaged("satellite/F_hh.txt", "CO2", "CH4"),
        "satellite/F_hh.txt:4:1: stressor \"CH4\" is not in F"
    );
    assert_eq!(refusal(read_pymrio(&Files::new())), "A.txt: there is no such file");
    assert!(refusal(read_pymrio(Path::new("no/such/folder"))).starts_with("no/such/folder"));

    let mut files = exiobase();
    for (parameters, expected) in [
        (
            "{\"files\": 1}",
            "file_parameters.json:1:11: invalid type: integer `1`, expected a map at line 1 column 11",
        ),
        (
            "{\"files\": {\"Z\": {\"name\": \"Z.pkl\", \"nr_index_col\": \"2\", \"nr_header\": 2}}}",
            "file_parameters.json:1:1: \"Z\": \"Z.pkl\" must be txt or parquet; save as one of them",
        ),
        (
            "{\"files\": {\"Z\": {\"name\": \"Z.txt\", \"nr_index_col\": \"2\", \"nr_header\": 0}}}",
            "file_parameters.json:1:1: \"Z\": levels of labels must be 1 to 8",
        ),
        (
            "{\"files\": {\"Z\": {\"name\": \"../Z.txt\", \"nr_index_col\": \"2\", \"nr_header\": 2}}}",
            "file_parameters.json:1:1: \"Z\": \"../Z.txt\" must be a file of this folder",
        ),
    ] {
        files.insert("file_parameters.json".into(), parameters.into());
        assert_eq!(refusal(read_pymrio(&files)), expected);
    }
}

#[test]
fn a_folder_is_written_whole_or_not_at_all() -> Result<(), Error> {
    let folder = fresh_folder();
    let table = datasets::miller_blair()?.with_unit("M$");
    write_pymrio(&table, &folder)?;
    let import = read_pymrio(&folder)?;
    assert_eq!(codes(import.table.sectors()), ["1", "2"]);
    assert_eq!(import.table.value_added(), table.value_added());
    assert!(refusal(write_pymrio(&table, &folder)).ends_with("is not empty"));
    let account = Satellite::new("../air", Axis::from_codes(["co2"])?, ["t"], dmatrix![1.0, 2.0])?;
    let other = fresh_folder();
    let refused = refusal(write_pymrio(&table.with_satellite(account)?, &other));
    assert!(refused.starts_with("satellite \"../air\""), "{refused}");
    assert!(!other.exists());
    assert!(folder.as_path().open("Z.txt")?.is_some());
    // A file where a folder would have to be.
    let inside = folder.join("Z.txt").join("deeper");
    assert!(write_pymrio(&datasets::miller_blair()?, &inside).is_err_and(|error| error.is_unreadable()));
    std::fs::remove_dir_all(&folder).map_err(|_| ()).unwrap_or_default();
    Ok(())
}

/// Two regions at most, three branches, cells of any size and sign, and a satellite account.
fn regional_tables() -> impl Strategy<Value = IoTable> {
    let cell =
        || prop_oneof![Just(0.0), (-999_999..999_999i32).prop_map(|n| f64::from(n) / 1000.0), -1e30..1e30];
    let shapes = (1..3usize, 1..4usize, 1..3usize, 1..3usize, any::<bool>());
    shapes.prop_flat_map(move |(regions, branches, purposes, components, direct)| {
        let (n, m) = (regions * branches, regions * purposes);
        let cells = prop::collection::vec(cell(), n * n + n * m + components * n + n + 2 * n + 2 * m);
        cells.prop_filter_map("sums are finite", move |cells| {
            let labels =
                |stem: &str, count: usize| (0..count).map(|i| format!("{stem} {i}")).collect::<Vec<_>>();
            let places = Regions::crossed(
                Axis::from_codes(labels("r", regions)).ok()?,
                Axis::from_codes(labels("b,\"", branches)).ok()?,
                Axis::from_codes(labels("p", purposes)).ok()?,
            )
            .ok()?;
            let mut cells = cells.into_iter();
            let mut matrix =
                |rows, columns| DMatrix::from_iterator(rows, columns, cells.by_ref().take(rows * columns));
            let table = IoTable::new(
                places.sectors().ok()?,
                matrix(n, n),
                places.categories().ok()?,
                matrix(n, m),
                Axis::from_codes(labels("v", components)).ok()?,
                matrix(components, n),
            )
            .ok()?;
            let table = table.with_output(matrix(n, 1).column(0).into_owned()).ok()?;
            let account =
                Satellite::new("air", Axis::from_codes(["co2", "n2o"]).ok()?, ["t", ""], matrix(2, n))
                    .ok()?;
            let own = matrix(2, m);
            let account = if direct { account.with_final_demand(own).ok()? } else { account };
            table.with_regions(places).ok()?.with_unit("M\t$").with_satellite(account).ok()
        })
    })
}

/// The names of sectors and categories are not written.
fn bare(table: &IoTable) -> Result<IoTable, Error> {
    let regions = table.regions().clone();
    let bare = IoTable::new(
        regions.sectors()?,
        table.flows().clone(),
        regions.categories()?,
        table.final_demand().clone(),
        table.value_added_components().clone(),
        table.value_added().clone(),
    )?
    .with_output(table.output().clone())?
    .with_regions(regions)?
    .with_unit(table.unit());
    table.satellites().iter().cloned().try_fold(bare, IoTable::with_satellite)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_long_is_read_back(table in regional_tables()) {
        let mut text = Vec::new();
        write_long(&table, &mut text)?;
        let read = read_long(Source::new("memory", text.as_slice()))?.table;
        prop_assert_eq!(read.with_rounding(0.0)?, bare(&table)?);
    }

    #[test]
    fn what_is_written_for_pymrio_is_read_back(table in regional_tables()) {
        let folder = fresh_folder();
        write_pymrio(&table, &folder)?;
        let read = read_pymrio(&folder);
        std::fs::remove_dir_all(&folder)?;
        prop_assert_eq!(read?.table, bare(&table)?);
    }

    /// The layouts that nobody but their offices write.
    #[test]
    fn a_table_in_any_layout_is_the_same(table in regional_tables()) {
        let regions = table.regions();
        let label = |separator: &str, (r, b): (usize, String)| format!("\"R{r}{separator}{}\"", b.replace('"', "\"\""));
        let sectors: Vec<_> = (regions.of_sectors().iter())
            .map(|&(r, b)| (r.index(), format!("{},\"", b.index()))).collect();
        let categories: Vec<_> = (regions.of_categories().iter()).map(|&(r, p)| (r.index(), p.index())).collect();
        for (separator, uses, primary) in
            [("_", ["P3_S14", "P51G"], Some("W2_")), ("_", ["HFCE", "GFCF"], Some("VALU")), (".", ["C37", "C42"], None)]
        {
            let mut text = String::from("x");
            for sector in &sectors {
                text += &format!(",{}", label(separator, sector.clone()));
            }
            for &(r, p) in &categories {
                text += &format!(",R{r}{separator}{}", uses[p]);
            }
            let row = |cells: &mut dyn Iterator<Item = f64>| cells.map(|cell| format!(",{cell}")).collect::<String>();
            for (i, sector) in sectors.iter().enumerate() {
                text += &format!("\n{}", label(separator, sector.clone()));
                text += &row(&mut table.flows().row(i).iter().chain(table.final_demand().row(i).iter()).copied());
            }
            if let Some(primary) = primary {
                for k in 0..table.value_added().nrows() {
                    text += &format!("\n{primary}{k}{}", row(&mut table.value_added().row(k).iter().copied()));
                    text += &",0".repeat(categories.len());
                }
            }
            let read = match (separator, primary) {
                ("_", Some("W2_")) => read_figaro(bytes(&text))?,
                ("_", _) => icio(&text)?,
                _ => read_wiod(bytes(&text))?,
            };
            prop_assert_eq!(read.table.flows(), table.flows());
            prop_assert_eq!(read.table.final_demand(), table.final_demand());
            if primary.is_some() {
                prop_assert_eq!(read.table.value_added(), table.value_added());
            }
            prop_assert!(read.notes.is_clean());
        }
    }

    /// Like real files, but not quite: an answer, and if it is no, then with a place in the file.
    #[test]
    fn damaged_texts_get_an_answer(
        at in 0..700usize, cut in 0..6usize, put in "[-a:,_.\"\n\t0-9.eEinv ]{0,4}", lines in 0..12usize,
    ) {
        for (k, text) in [WIOD, ICIO, FIGARO, FLAT, LONG, Z].into_iter().enumerate() {
            let whole: String = text.lines().take(lines.max(1)).map(|line| format!("{line}\n")).collect();
            let at = at.min(whole.len());
            let damaged = format!("{}{put}{}", &whole[..at], &whole[(at + cut).min(whole.len())..]);
            let error = match k {
                0 => read_wiod(bytes(&damaged)).err(),
                1 => icio(&damaged).err(),
                2 => read_figaro(bytes(&damaged)).err(),
                3 => read_figaro_flat(bytes(&damaged)).err(),
                4 => read_long(bytes(&damaged)).err(),
                _ => {
                    let mut files = exiobase();
                    files.insert("Z.txt".into(), damaged.into_bytes());
                    read_pymrio(&files).err()
                }
            };
            prop_assert!(error.is_none_or(|error| error.is_invalid_input()));
        }
    }
}
