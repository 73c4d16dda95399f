//! One file that needs nothing else: no script, no address of anything, and a policy that lets nothing else in.

use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use crate::report::plot::{self, Plot};

const STYLE: &str = include_str!("style.css");

/// A whole page. Everything in `body` that came from a run has to be text there, never markup; `html!` sees to that.
pub fn document(title: &str, body: &Markup) -> String {
    let style = format!("{STYLE}{}", plot::rules());
    // CSP 3, 6.7.3: the digest of exactly what stands in the element.
    let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}

/// A plot with its caption; of the two drawings the style shows the one that fits.
pub fn figure(caption: &Markup, plot: Option<&Plot>) -> Markup {
    html! {
        figure {
            figcaption { (caption) }
            @match plot {
                Some(plot) => div.plot {
                    div.wide { (PreEscaped(&plot.wide)) }
                    div.narrow { (PreEscaped(&plot.narrow)) }
                },
                None => p.empty { "Nothing was measured." },
            }
        }
    }
}
