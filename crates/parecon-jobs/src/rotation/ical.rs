//! Writing iCalendar (RFC 5545): content lines of at most 75 octets, ended by CRLF, with text escaped.

/// Octets of a line, without its end.
const LINE: usize = 75;

/// Appends a content line, folded: a line goes on in the next, after a space (section 3.1). Characters are not split.
pub(super) fn line(out: &mut String, content: &str) {
    let mut room = LINE;
    for c in content.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

/// A value of type TEXT (section 3.3.11); other control characters have no place in one and are left out.
pub(super) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // Section 3.3.11, with the line breaks it stands for.
        let meeting = "Project XYZ Final Review\nConference Room - 3B\nCome Prepared.";
        assert_eq!(text(meeting), "Project XYZ Final Review\\nConference Room - 3B\\nCome Prepared.");
        // Section 3.1: a long description, here folded where 75 octets end.
        let long =
            "DESCRIPTION:This is a long description that exists on a long line, which a reader unfolds.";
        let mut out = String::new();
        line(&mut out, long);
        assert_eq!(out, format!("{}\r\n {}\r\n", &long[..75], &long[75..]));
        assert_eq!(text("a;b,c\\d\re"), "a\\;b\\,c\\\\de");
    }

    proptest! {
        #[test]
        fn unfolding_gives_the_line_back(content in "\\PC{0,300}") {
            let mut out = String::new();
            line(&mut out, &content);
            prop_assert!(out.ends_with("\r\n"));
            prop_assert!(out.trim_end_matches("\r\n").split("\r\n").all(|part| part.len() <= LINE));
            let unfolded = out.replace("\r\n ", "");
            prop_assert_eq!(unfolded.trim_end_matches("\r\n"), content.as_str());
        }
    }
}
