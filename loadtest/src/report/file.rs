//! The files of a run: written at its end, read again to be compared.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use keyleash_domain::text::utc_minute;
use keyleash_protocol::UnixMillis;
use serde::Deserialize;

use crate::{
    report::{page::page, plot::PlotError},
    run::{FORMAT, Run},
};

/// A run of a day with a series of every second has some 10 MB; what is far above that is not a run.
const BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no run of this tool: it has no `format`, or is no JSON", path.display())]
    NoRun { path: PathBuf, source: serde_json::Error },
    #[error("{} has more than {BYTES_MAX} bytes, and is no run of this tool", path.display())]
    TooLarge { path: PathBuf },
    #[error("{} is of format {found}, and this program reads {FORMAT}; run both with the same version", path.display())]
    Format { path: PathBuf, found: u64 },
    #[error("{} says that it is a run, and is not whole", path.display())]
    Broken { path: PathBuf, source: serde_json::Error },
    #[error("the page cannot be made")]
    Page(#[from] PlotError),
}

/// Where a run's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub json: PathBuf,
    pub html: PathBuf,
}

/// Writes `<scenario>-<date>.json` and `.html`, and makes the directory if there is none.
pub fn write(run: &Run, directory: &Path) -> Result<Written, ReportError> {
    fs::create_dir_all(directory).map_err(|source| ReportError::Write { path: directory.to_owned(), source })?;
    let run = &whole(run);
    let name = format!("{}-{}", run.scenario, stamp(run.began));
    let written =
        Written { json: directory.join(format!("{name}.json")), html: directory.join(format!("{name}.html")) };
    let json = serde_json::to_string_pretty(run)
        .map_err(|error| ReportError::Write { path: written.json.clone(), source: error.into() })?;
    store(&written.json, &json)?;
    store(&written.html, &page(run)?)?;
    Ok(written)
}

/// Reads a run, of this form only.
pub fn read(path: &Path) -> Result<Run, ReportError> {
    #[derive(Deserialize)]
    struct Form {
        format: u64,
    }
    let owned = || path.to_owned();
    let unreadable = |source| ReportError::Read { path: owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > BYTES_MAX {
        return Err(ReportError::TooLarge { path: owned() });
    }
    let text = fs::read(path).map_err(unreadable)?;
    let form: Form = serde_json::from_slice(&text).map_err(|source| ReportError::NoRun { path: owned(), source })?;
    if form.format != u64::from(FORMAT) {
        return Err(ReportError::Format { path: owned(), found: form.format });
    }
    serde_json::from_slice(&text).map_err(|source| ReportError::Broken { path: owned(), source })
}

pub(super) fn store(path: &Path, text: &str) -> Result<(), ReportError> {
    fs::write(path, text).map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

/// The run without what JSON has no word for, such as a quotient by nothing; it says so. The rest must not be lost for it.
fn whole(run: &Run) -> Run {
    let mut whole = run.clone();
    whole.figures.retain(|figure| figure.value.is_finite());
    for figure in run.figures.iter().filter(|figure| !figure.value.is_finite()) {
        whole.remarks.push(format!("{}: unknown, for want of what it is computed from", figure.title));
    }
    for figure in &mut whole.figures {
        figure.target = figure.target.filter(|target| target.is_finite());
    }
    for series in &mut whole.series {
        series.points.retain(|(at, value)| at.is_finite() && value.is_finite());
    }
    whole
}

/// `20260131-120059`, UTC: sorts by time, and stands in a file's name on every system.
fn stamp(at: UnixMillis) -> String {
    let minute: String = utc_minute(at).chars().filter(char::is_ascii_digit).collect();
    let (day, minute) = minute.split_at(minute.len().saturating_sub(4));
    format!("{day}-{minute}{:02}", at.0.div_euclid(1000).rem_euclid(60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let run = sample::storm();
        let written = write(&run, &directory.path().join("runs")).unwrap();
        assert_eq!(written.json.file_name().unwrap(), "storm-20261123-150241.json");
        assert_eq!(read(&written.json).unwrap(), run);
        assert!(fs::read_to_string(&written.html).unwrap().contains("storm"));
    }

    #[test]
    fn an_unknown_number_loses_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let mut run = sample::storm();
        run.figures[0].value = f64::NAN;
        run.series[0].points.push((61.0, f64::INFINITY));
        let known = read(&write(&run, directory.path()).unwrap().json).unwrap();
        assert_eq!(known.figures, run.figures[1..]);
        let remark = format!("{}: unknown, for want of what it is computed from", run.figures[0].title);
        assert_eq!(known.remarks.last(), Some(&remark));
        assert!(known.series[0].points.iter().all(|(at, _)| *at < 61.0));
    }

    #[test]
    fn what_is_no_run_is_said_to_be_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        let error = |text: &str| {
            fs::write(&path, text).unwrap();
            read(&path).unwrap_err().to_string()
        };
        assert!(error("<html>").contains("is no run of this tool"));
        assert!(error("{\"name\": 1}").contains("is no run of this tool"));
        assert!(error("{\"format\": 99}").contains("is of format 99, and this program reads 1"));
        assert!(error("{\"format\": 1, \"scenario\": \"storm\"}").contains("is not whole"));
        assert!(read(&directory.path().join("none.json")).unwrap_err().to_string().contains("cannot read"));
    }
}
