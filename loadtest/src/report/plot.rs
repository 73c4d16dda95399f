//! Plots as SVG that belongs into a page: it takes the page's colours, for light and dark, and its letters.
//!
//! Each is drawn twice, for a narrow and for a wide place, and the page shows the one that fits: letters that are scaled with
//! a picture are too small on a phone or too large on a desk.

pub mod axis;
pub mod latency;
pub mod series;

use std::ops::Range;

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::cartesian::Cartesian2d,
    drawing::{DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, EmptyElement, PathElement, Polygon, Text},
    prelude::SVGBackend,
    style::{
        Color, IntoFont, RGBColor, ShapeStyle, TRANSPARENT, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use axis::Axis;

/// Plotters has whole pixels only; a finer grid that is scaled down again keeps curves smooth.
const GRID: u32 = 4;
const LETTERS: f64 = 12.0;
/// Of a letter of that height, on average; for the room beside an axis.
const LETTER_WIDTH: u32 = 7;
/// Plotters writes a font's size divided by this, as if it were a line's height.
const LINE_HEIGHT: f64 = 1.24;
/// Between a level and its label.
const LEVEL_GAP: i32 = 3 * GRID.cast_signed();

#[derive(Debug, thiserror::Error)]
#[error("a plot cannot be drawn")]
pub struct PlotError(#[from] DrawingAreaErrorKind<std::io::Error>);

/// What a colour is for. In the SVG it stands as the colour of the light scheme; [`rules`] turns it into the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Letters,
    Line,
    Axis,
    /// The run; of two, the one after.
    Run,
    /// Of two runs the one before.
    Before,
    Target,
}

/// A plot, well-formed, for both places.
#[derive(Clone, Debug)]
pub struct Plot {
    pub wide: String,
    pub narrow: String,
}

/// The place that a plot is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Wide,
    Narrow,
}

/// What a reader hears who does not see it.
#[derive(Clone, Debug)]
pub struct Told {
    pub title: String,
    pub description: String,
}

/// A canvas with axes on it.
pub struct Canvas<'a, 'b> {
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
    place: Place,
    x: Range<f64>,
    y: Range<f64>,
}

impl Ink {
    const ALL: [Self; 6] = [Self::Letters, Self::Line, Self::Axis, Self::Run, Self::Before, Self::Target];

    fn rgb(self) -> RGBColor {
        match self {
            Self::Letters => RGBColor(0x59, 0x62, 0x73),
            Self::Line => RGBColor(0xe1, 0xe4, 0xea),
            Self::Axis => RGBColor(0x86, 0x8e, 0x9c),
            Self::Run => RGBColor(0x0b, 0x6e, 0x5f),
            Self::Before => RGBColor(0xb4, 0x5f, 0x06),
            Self::Target => RGBColor(0xb3, 0x26, 0x1e),
        }
    }

    /// The page's variable.
    fn variable(self) -> &'static str {
        match self {
            Self::Letters => "--muted",
            Self::Line => "--line",
            Self::Axis => "--line-strong",
            Self::Run => "--accent",
            Self::Before => "--before",
            Self::Target => "--bad",
        }
    }
}

/// The style rules that give the plots the page's colours.
pub fn rules() -> String {
    let rule = |ink: Ink| {
        let RGBColor(red, green, blue) = ink.rgb();
        let (colour, variable) = (format!("#{red:02X}{green:02X}{blue:02X}"), ink.variable());
        let dashes = if ink == Ink::Target { ";stroke-dasharray:24 16" } else { "" };
        format!(
            ".plot [fill=\"{colour}\"]{{fill:var({variable})}}\n\
             .plot [stroke=\"{colour}\"]{{stroke:var({variable}){dashes}}}\n"
        )
    };
    Ink::ALL.map(rule).concat()
}

impl Place {
    fn size(self) -> (u32, u32) {
        match self {
            Self::Wide => (560, 300),
            Self::Narrow => (330, 230),
        }
    }

    /// The height of a row of labels, as a part of the plot's.
    fn row(self) -> f64 {
        match self {
            Self::Wide => 0.06,
            Self::Narrow => 0.08,
        }
    }

    /// What is left free above the highest value for so many rows, as a part of that value.
    pub fn room(self, rows: u8) -> f64 {
        let part = self.row() * f64::from(rows) + 0.03;
        part / (1.0 - part)
    }

    /// Ticks whose labels have room beside each other.
    pub fn across(self) -> usize {
        match self {
            Self::Wide => 8,
            Self::Narrow => 4,
        }
    }

    /// Ticks whose labels have room above each other.
    pub fn upwards(self) -> usize {
        match self {
            Self::Wide => 6,
            Self::Narrow => 5,
        }
    }
}

impl Plot {
    pub fn each(mut draw: impl FnMut(Place) -> Result<String, PlotError>) -> Result<Self, PlotError> {
        Ok(Self { wide: draw(Place::Wide)?, narrow: draw(Place::Narrow)? })
    }
}

/// An SVG with axes; `paint` draws into it.
pub fn draw(
    place: Place,
    told: &Told,
    x: &Axis,
    y: &Axis,
    paint: impl FnOnce(&mut Canvas<'_, '_>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let (width, height) = place.size();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width * GRID, height * GRID)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(8 * GRID)
            .margin_right((x.longest_label() * LETTER_WIDTH / 2 + 4) * GRID)
            .x_label_area_size(24 * GRID)
            .y_label_area_size((y.longest_label() * LETTER_WIDTH + 12) * GRID)
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(stroke(Ink::Line, 1.0))
            .axis_style(stroke(Ink::Axis, 1.0))
            .label_style(letters(Ink::Letters))
            .set_all_tick_mark_size(4 * GRID)
            .draw()?;
        paint(&mut Canvas { chart, place, x: x.range.clone(), y: y.range.clone() })?;
        area.present()?;
    }
    Ok(named(&svg, told))
}

impl Canvas<'_, '_> {
    pub fn curve(&mut self, ink: Ink, points: &[(f64, f64)]) -> Result<(), PlotError> {
        Ok(self.chart.plotting_area().draw(&PathElement::new(points, stroke(ink, 2.0)))?)
    }

    /// What is between the points and zero.
    pub fn area(&mut self, ink: Ink, points: &[(f64, f64)]) -> Result<(), PlotError> {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
        let mut edge = points.to_vec();
        edge.extend([(last.0, 0.0), (first.0, 0.0)]);
        Ok(self.chart.plotting_area().draw(&Polygon::new(edge, ink.rgb().mix(0.18)))?)
    }

    pub fn dot(&mut self, ink: Ink, at: (f64, f64)) -> Result<(), PlotError> {
        Ok(self.chart.plotting_area().draw(&Circle::new(at, 4 * GRID, ink.rgb().filled()))?)
    }

    /// A line from bottom to top.
    pub fn upright(&mut self, ink: Ink, x: f64) -> Result<(), PlotError> {
        let line = PathElement::new([(x, self.y.start), (x, self.y.end)], stroke(ink, 1.0));
        Ok(self.chart.plotting_area().draw(&line)?)
    }

    /// A label beside such a line, below those of the rows before.
    pub fn upright_label(&mut self, ink: Ink, x: f64, row: u8, label: &str) -> Result<(), PlotError> {
        let from_top = 0.01 + self.place.row() * f64::from(row);
        let y = self.y.end - (self.y.end - self.y.start) * from_top;
        let is_right = x - self.x.start > 0.6 * (self.x.end - self.x.start);
        let aside = 0.012 * (self.x.end - self.x.start);
        let (x, side) = if is_right { (x - aside, HPos::Right) } else { (x + aside, HPos::Left) };
        self.write(ink, (x, y), Pos::new(side, VPos::Top), label)
    }

    /// A line from left to right.
    pub fn level(&mut self, ink: Ink, y: f64) -> Result<(), PlotError> {
        let line = PathElement::new([(self.x.start, y), (self.x.end, y)], stroke(ink, 1.0));
        Ok(self.chart.plotting_area().draw(&line)?)
    }

    /// A label at the left end of such a line and above it, or at its right end and below it.
    pub fn level_label(&mut self, ink: Ink, y: f64, is_left: bool, label: &str) -> Result<(), PlotError> {
        let aside = 0.02 * (self.x.end - self.x.start);
        let (x, position, down) = if is_left {
            (self.x.start + aside, Pos::new(HPos::Left, VPos::Bottom), -LEVEL_GAP)
        } else {
            (self.x.end - aside, Pos::new(HPos::Right, VPos::Top), LEVEL_GAP)
        };
        let text = Text::new(label.to_owned(), (0, down), letters(ink).pos(position));
        Ok(self.chart.plotting_area().draw(&(EmptyElement::at((x, y)) + text))?)
    }

    fn write(&mut self, ink: Ink, at: (f64, f64), position: Pos, text: &str) -> Result<(), PlotError> {
        let style = letters(if ink == Ink::Axis { Ink::Letters } else { ink }).pos(position);
        Ok(self.chart.plotting_area().draw(&Text::new(text.to_owned(), at, style))?)
    }
}

impl std::fmt::Debug for Canvas<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Canvas({:?}, {:?})", self.x, self.y)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
fn stroke(ink: Ink, pixels: f64) -> ShapeStyle {
    ink.rgb().stroke_width((pixels * f64::from(GRID)) as u32)
}

fn letters(ink: Ink) -> TextStyle<'static> {
    let size = LETTERS * f64::from(GRID) * LINE_HEIGHT;
    ("sans-serif", size).into_font().color(&ink.rgb())
}

/// With a title and a description in place of a fixed size.
fn named(svg: &str, told: &Told) -> String {
    let (opening, rest) = svg.split_once('>').unwrap_or_default();
    let view = opening.find("viewBox=").map_or("", |at| &opening[at..]);
    let maud::PreEscaped(names) = maud::html! { title { (told.title) } desc { (told.description) } };
    format!("<svg role=\"img\" {view}>{names}{rest}")
}
