/**
 * The look: colours and sizes as custom properties, and the few controls that every view uses.
 *
 * A terminal vendor re-colours the panel by setting `--keyleash-accent`, `--keyleash-surface`, ... on any ancestor; the
 * documentation lists them all, which a test watches.
 * Light and dark follow the `color-scheme` of the page.
 */
import { css } from "lit";

export const tokens = css`
  :host {
    --page: var(--keyleash-page, light-dark(#f4f5f7, #0e1116));
    --surface: var(--keyleash-surface, light-dark(#ffffff, #161a21));
    --raised: var(--keyleash-raised, light-dark(#f7f8fa, #1c212a));
    --line: var(--keyleash-line, light-dark(#e1e4ea, #2a303b));
    --line-strong: var(--keyleash-line-strong, light-dark(#868e9c, #717a89));
    --text: var(--keyleash-text, light-dark(#171b22, #e8ebf0));
    --muted: var(--keyleash-muted, light-dark(#596273, #9aa4b4));
    --accent: var(--keyleash-accent, light-dark(#0b6e5f, #3ecfb2));
    --on-accent: var(--keyleash-on-accent, light-dark(#ffffff, #06231d));
    --good: var(--keyleash-good, light-dark(#116b3a, #5cd699));
    --good-soft: var(--keyleash-good-soft, light-dark(#e3f5ea, #12301f));
    --warn: var(--keyleash-warn, light-dark(#8a4b00, #f0b45b));
    --warn-soft: var(--keyleash-warn-soft, light-dark(#fdf1dc, #33260f));
    --bad: var(--keyleash-bad, light-dark(#b3261e, #ff8a80));
    --bad-fill: var(--keyleash-bad-fill, light-dark(#b3261e, #c9372c));
    --bad-soft: var(--keyleash-bad-soft, light-dark(#fdeae8, #3a1917));
    --radius: var(--keyleash-radius, 10px);
    --radius-small: calc(var(--radius) * 0.7);
    --shadow: 0 1px 2px light-dark(rgb(15 23 42 / 8%), rgb(0 0 0 / 40%)), 0 8px 24px light-dark(rgb(15 23 42 / 12%), rgb(0 0 0 / 50%));
    --focus: 2px solid var(--accent);

    /* Sizes of text follow one size, and not the root's, which vendors set as they like. */
    --font-size: var(--keyleash-font-size, 0.9375rem);
    --font-size-xs: calc(var(--font-size) * 0.85);
    --font-size-s: calc(var(--font-size) * 0.92);
    --font-size-l: calc(var(--font-size) * 1.2);
    --font-size-xl: calc(var(--font-size) * 1.6);

    --space-1: 4px;
    --space-2: 8px;
    --space-3: 12px;
    --space-4: 16px;
    --space-5: 24px;
    --space-6: 36px;

    --mono: var(--keyleash-mono, ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace);
    color: var(--text);
    font: var(--font-size) / 1.5 var(--keyleash-font, Inter, system-ui, -apple-system, "Segoe UI", sans-serif);
    font-variant-numeric: tabular-nums;
  }
`;

export const controls = css`
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }

  h1, h2, h3, p, ul, ol, dl, dd, figure, fieldset { margin: 0; padding: 0; }
  h2 { font-size: var(--font-size-l); line-height: 1.3; letter-spacing: -0.01em; }
  h3 { font-size: calc(var(--font-size) * 1.06); line-height: 1.4; }
  fieldset { border: 0; min-width: 0; }
  a { color: var(--accent); text-underline-offset: 3px; }
  code, .mono { font-family: var(--mono); font-size: 0.93em; }
  .muted { color: var(--muted); }
  .small { font-size: var(--font-size-s); }
  .nowrap { white-space: nowrap; }

  .stack, .field { display: grid; gap: 16px; }
  .field { gap: 6px; }
  ul.stack:not([class*=list]) { padding-left: 1.2rem; }
  .tight { gap: 6px; }
  .row { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; }
  .spread { justify-content: space-between; }
  .grow { flex: 1 1 12rem; min-width: 0; }

  .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 20px; }
  .inset { background: var(--raised); border: 1px solid var(--line); border-radius: var(--radius-small); padding: 16px; }

  button, .button {
    font: inherit; font-weight: 550; line-height: 1.3; cursor: pointer;
    min-height: 38px; padding: 7px 14px; border-radius: var(--radius-small);
    border: 1px solid var(--line-strong); background: var(--surface); color: var(--text);
    transition: background-color 120ms, border-color 120ms;
  }
  button:hover:not(:disabled) { background: var(--raised); border-color: var(--muted); }
  button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  button.primary:hover:not(:disabled) { background: color-mix(in oklab, var(--accent) 88%, black); border-color: transparent; }
  button.danger { color: var(--bad); border-color: color-mix(in oklab, var(--bad) 45%, var(--line)); }
  button.danger:hover:not(:disabled) { background: var(--bad-soft); border-color: var(--bad); }
  button.danger.primary { background: var(--bad-fill); border-color: var(--bad-fill); color: #fff; }
  button.danger.primary:hover:not(:disabled) { background: color-mix(in oklab, var(--bad-fill) 88%, black); }
  button.link { border-color: transparent; background: none; color: var(--accent); text-align: start; padding-inline: 6px; margin-inline: -6px; }
  button.link:hover:not(:disabled) { background: var(--raised); border-color: transparent; }
  button.small { min-height: 32px; padding: 4px 10px; font-size: var(--font-size-s); }
  button:disabled { cursor: default; opacity: 0.55; }

  :focus-visible { outline: var(--focus); outline-offset: 2px; }
  [tabindex="-1"]:focus-visible { outline-offset: 6px; border-radius: 2px; }

  label, .label { display: grid; gap: 6px; font-weight: 550; font-size: var(--font-size-s); }
  label .muted { font-weight: 400; }
  input, select, textarea {
    font: inherit; color: var(--text); background: var(--surface);
    /* Below 16 px a phone zooms the page when the field is touched. */
    font-size: max(16px, var(--font-size));
    border: 1px solid var(--line-strong); border-radius: var(--radius-small);
    width: 100%; min-height: 40px; padding: 7px 11px;
  }
  textarea { min-height: 7.5rem; resize: vertical; font-family: var(--mono); font-size: var(--font-size-s); }
  input::placeholder, textarea::placeholder { color: var(--muted); opacity: 1; }
  input[aria-invalid="true"], select[aria-invalid="true"], textarea[aria-invalid="true"] { border-color: var(--bad); }
  input.code { font-family: var(--mono); letter-spacing: 0.2em; max-width: 13rem; }
  .error { color: var(--bad); font-size: var(--font-size-s); font-weight: 450; }
  .caution { color: var(--warn); font-size: var(--font-size-s); }

  .switch { display: flex; gap: 14px; align-items: flex-start; justify-content: space-between; font-weight: 400; font-size: inherit; cursor: pointer; }
  .switch input {
    appearance: none; flex: none; cursor: pointer; position: relative; width: 44px; min-height: 26px; height: 26px; padding: 0; margin: 0;
    border-radius: 13px; border: 1px solid var(--line-strong); background: var(--raised); transition: background-color 120ms;
  }
  .switch input::after {
    content: ""; position: absolute; inset: 3px auto 3px 3px; width: 18px; border-radius: 50%;
    background: var(--muted); transition: transform 120ms, background-color 120ms;
  }
  .switch input:checked { background: var(--accent); border-color: var(--accent); }
  .switch input:checked::after { transform: translateX(18px); background: var(--on-accent); }
  .switch input:disabled { opacity: 0.5; cursor: default; }

  .badge {
    display: inline-flex; align-items: center; gap: 6px; padding: 1px 9px; border-radius: 99px; white-space: nowrap;
    font-size: var(--font-size-xs); font-weight: 550; color: var(--muted); background: var(--raised); border: 1px solid var(--line);
  }
  .badge.good { color: var(--good); background: var(--good-soft); border-color: transparent; }
  .badge.warn { color: var(--warn); background: var(--warn-soft); border-color: transparent; }
  .badge.bad { color: var(--bad); background: var(--bad-soft); border-color: transparent; }
  .dot::before { content: ""; flex: none; width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
  .badge.sentence { white-space: normal; border-radius: var(--radius-small); padding: 3px 9px; line-height: 1.4; }

  .banner { display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: center; justify-content: space-between;
    padding: 12px 16px; border-radius: var(--radius); background: var(--raised); border: 1px solid var(--line); }
  .banner.warn { background: var(--warn-soft); border-color: transparent; color: var(--warn); }
  .banner.bad { background: var(--bad-soft); border-color: transparent; color: var(--bad); }
  .banner.good { background: var(--good-soft); border-color: transparent; color: var(--good); }
  .banner > div:first-child { flex: 1 1 16rem; min-width: 0; }

  progress { width: 100%; height: 8px; accent-color: var(--accent); }

  .list { list-style: none; border-top: 1px solid var(--line); }
  .list > li { border-bottom: 1px solid var(--line); padding-block: var(--space-3); min-width: 0; }
  .list > li:last-child { border-bottom: 0; }
  hr { border: 0; border-top: 1px solid var(--line); margin: var(--space-2) 0; width: 100%; }

  summary { cursor: pointer; width: fit-content; border-radius: 2px; }
  summary::marker { color: var(--muted); }

  /* For screen readers alone. */
  .unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

  @media (pointer: coarse) {
    button, .button, button.small, input, select, summary { min-height: 44px; }
    summary { display: flex; align-items: center; gap: 6px; }
    .switch { padding-block: 9px; }
    .switch input { min-height: 26px; }
  }

  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; animation: none !important; } }
`;
