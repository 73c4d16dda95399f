/** A small mark for each exchange, to find it at a glance: two letters on a tinted tile. Ours, and nobody's logo. */

import { css, html, unsafeCSS } from "lit";

interface Mark {
  readonly letters: string;
  /** Of the tile, degrees in OKLCH; as far from each other as eight can be. */
  readonly hue: number;
}

const MARKS: Readonly<Record<string, Mark>> = {
  binance: { letters: "Bn", hue: 85 },
  bybit: { letters: "By", hue: 50 },
  okx: { letters: "Ok", hue: 285 },
  bitget: { letters: "Bg", hue: 200 },
  coinbase: { letters: "Cb", hue: 255 },
  blofin: { letters: "Bf", hue: 320 },
  hyperliquid: { letters: "Hl", hue: 165 },
  bitmex: { letters: "Bx", hue: 20 },
};

/** As classes and not as `style` attributes, which a strict content security policy forbids. */
const hues = unsafeCSS(
  Object.entries(MARKS)
    .map(([id, { hue }]) => `.mark-${id} { --hue: ${hue}; --chroma: 1; }`)
    .join("\n"),
);

export const markStyles = css`
  .mark {
    flex: none; display: grid; place-items: center; width: 36px; height: 36px; border-radius: 9px;
    font-weight: 650; font-size: 0.87rem; letter-spacing: -0.01em; user-select: none; --hue: 0; --chroma: 0;
    color: light-dark(oklch(38% calc(0.1 * var(--chroma)) var(--hue)), oklch(88% calc(0.08 * var(--chroma)) var(--hue)));
    background: linear-gradient(135deg,
      light-dark(oklch(95% calc(0.035 * var(--chroma)) var(--hue)), oklch(37% calc(0.06 * var(--chroma)) var(--hue))) 50%,
      light-dark(oklch(91% calc(0.055 * var(--chroma)) var(--hue)), oklch(31% calc(0.06 * var(--chroma)) var(--hue))) 50%);
  }
  ${hues}
`;

/** For the eyes only: the name of the exchange stands beside it. */
export function mark(exchange: string) {
  const letters = MARKS[exchange]?.letters ?? exchange.slice(0, 2);
  return html`<span class="mark ${MARKS[exchange] ? `mark-${exchange}` : ""}" aria-hidden="true">${letters}</span>`;
}
