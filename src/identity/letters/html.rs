//! A letter as HTML. Mail programs know little of it: tables, and styles on the elements themselves. So that is the whole
//! look, in light colours; the sheet in the head only turns them dark, for programs that read it and are set so. Nothing is
//! fetched from anywhere.

use std::fmt::Write as _;

use super::draft::{Alarm, Draft, Foot};

/// Colours by name, each once for light and once for dark.
const SHEET: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
@media (prefers-color-scheme:dark){\
.page{background:#0e1116!important}\
.card{background:#161a21!important;border-color:#2a303b!important}\
.text{color:#e8ebf0!important}\
.muted{color:#9aa4b4!important}\
.accent{color:#3ecfb2!important}\
.line{border-color:#2a303b!important}\
.code{background:#10201d!important;border-color:#1f4a41!important;color:#e8ebf0!important}\
.fill{background:#3ecfb2!important}\
.on-fill{color:#06231d!important}\
.alarm{border-color:#ff8a80!important;color:#ff8a80!important}\
}\
@media (max-width:480px){.card{padding:24px 20px!important}.edge{padding:12px 8px!important}}";

const FONT: &str = "font-family:Inter,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO: &str = "font-family:ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace";

/// Fills what a list of mails shows beside the subject, so that the letter's first words do not run on there.
const AFTER_PREVIEW: &str = "&#847;&zwnj;&nbsp;";
const AFTER_PREVIEW_TIMES: usize = 40;

pub(super) fn write(draft: &Draft, foot: &Foot) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{subject}</title>\n<style>{SHEET}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:0;background:#f4f5f7\">\n{preview}\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" class=\"page\" \
         style=\"background:#f4f5f7\"><tr><td align=\"center\" class=\"edge\" style=\"padding:32px 16px\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"max-width:560px\">\n\
         <tr><td style=\"padding:0 4px 12px\">{WORDMARK}</td></tr>\n\
         <tr><td class=\"card text\" style=\"padding:32px;background:#ffffff;border:1px solid #e1e4ea;\
         border-radius:12px;color:#171b22;{FONT};font-size:16px;line-height:24px\">\n{card}</td></tr>\n\
         <tr><td class=\"muted\" style=\"padding:16px 4px 0;color:#596273;{FONT};font-size:13px;line-height:20px\">\
         {foot}</td></tr>\n\
         </table>\n</td></tr></table>\n</body>\n</html>\n",
        subject = escape(&draft.subject),
        preview = preview(&draft.preview),
        card = card(draft, foot),
        foot = self::foot(foot),
    )
}

/// The product's name as words, so that it is there without an image.
const WORDMARK: &str = "<span class=\"text\" style=\"color:#171b22;font-family:Inter,system-ui,-apple-system,'Segoe UI',\
     Roboto,Helvetica,Arial,sans-serif;font-size:17px;line-height:24px;font-weight:700;letter-spacing:-0.01em\">\
     <span class=\"accent\" style=\"color:#0b6e5f\">Key</span>leash</span>";

fn preview(words: &str) -> String {
    format!(
        "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">{}{}</div>\n",
        escape(words),
        AFTER_PREVIEW.repeat(AFTER_PREVIEW_TIMES)
    )
}

fn card(draft: &Draft, foot: &Foot) -> String {
    let mut card = format!(
        "<h1 class=\"text\" style=\"margin:0 0 12px;color:#171b22;font-size:20px;line-height:28px;font-weight:650;\
         overflow-wrap:anywhere\">{}</h1>\n",
        escape(&draft.headline)
    );
    for words in &draft.words {
        let _ = writeln!(card, "<p style=\"margin:0 0 16px\">{}</p>", escape(words));
    }
    if let Some(code) = &draft.code {
        let _ = writeln!(
            card,
            "<p class=\"code\" style=\"margin:0 0 20px;padding:16px 8px;background:#eef6f4;border:1px solid #bfded7;\
             border-radius:8px;color:#171b22;{MONO};font-size:32px;line-height:40px;font-weight:700;letter-spacing:0.08em;\
             text-align:center;white-space:nowrap\">{}</p>",
            escape(code)
        );
    }
    facts(&mut card, draft);
    if let Some((label, link)) = &draft.button {
        button(&mut card, label, link);
    }
    for words in &draft.notes {
        let words = escape(words);
        let _ = writeln!(
            card,
            "<p class=\"muted\" style=\"margin:16px 0 0;color:#596273;font-size:14px;line-height:21px\">{words}</p>"
        );
    }
    if let Some(way) = &foot.alarm {
        alarm(&mut card, way);
    }
    card
}

fn facts(card: &mut String, draft: &Draft) {
    if draft.facts.is_empty() {
        return;
    }
    card.push_str(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:0 0 8px\">\n",
    );
    for fact in &draft.facts {
        let _ = writeln!(
            card,
            "<tr><td valign=\"top\" class=\"muted\" style=\"padding:4px 16px 4px 0;color:#596273;{FONT};font-size:14px;\
             line-height:21px;white-space:nowrap\">{}</td><td valign=\"top\" class=\"text\" style=\"padding:4px 0;\
             color:#171b22;{FONT};font-size:14px;line-height:21px;font-weight:600;overflow-wrap:anywhere;\
             word-break:break-word\">{}</td></tr>",
            escape(fact.label),
            escape(&fact.value)
        );
    }
    card.push_str("</table>\n");
}

/// At least 44 px high, so that a thumb meets it.
fn button(card: &mut String, label: &str, link: &str) {
    let (label, link) = (escape(label), escape(link));
    let _ = writeln!(
        card,
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:20px 0 12px\"><tr>\
         <td class=\"fill\" bgcolor=\"#0b6e5f\" style=\"border-radius:8px;background:#0b6e5f\"><a href=\"{link}\" \
         class=\"on-fill\" style=\"display:inline-block;padding:12px 24px;color:#ffffff;{FONT};font-size:16px;\
         line-height:24px;font-weight:600;text-decoration:none\">{label}</a></td></tr></table>\n\
         <p class=\"muted\" style=\"margin:0;color:#596273;font-size:13px;line-height:20px\">Or copy this address into \
         your browser:<br><a href=\"{link}\" class=\"accent\" style=\"color:#0b6e5f;overflow-wrap:anywhere;\
         word-break:break-all\">{link}</a></p>"
    );
}

fn alarm(card: &mut String, way: &Alarm) {
    let _ = writeln!(
        card,
        "<div class=\"line\" style=\"margin:24px 0 0;padding:20px 0 0;border-top:1px solid #e1e4ea\">\
         <p style=\"margin:0 0 10px;font-size:14px;line-height:21px\">{}</p>\
         <a href=\"{}\" class=\"alarm\" style=\"display:inline-block;padding:10px 18px;border:1px solid #b3261e;\
         border-radius:8px;color:#b3261e;{FONT};font-size:15px;line-height:22px;font-weight:600;text-decoration:none\">\
         {}</a></div>",
        escape(way.words),
        escape(&way.link),
        escape(way.label)
    );
}

fn foot(foot: &Foot) -> String {
    format!(
        "Keyleash, <a href=\"{site}\" class=\"muted\" style=\"color:#596273\">{site}</a><br>{}",
        escape(foot.why),
        site = escape(&foot.site)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
