/**
 * `@keyleash/client/exchanges`: what forms need. The table of exchanges, the checks of a draft, and what there is to say
 * about it, in English and as codes to translate. Apart from the rest because a page that only trades needs none of it.
 */

export { checkDraft, type DraftCheck } from "./checks.ts";
export {
  type DraftWarning,
  type DraftWarningCode,
  type DraftWarningFacts,
  draftWarningSentence,
  draftWarningSentences,
  type Fault,
  type FaultCode,
  type FaultFacts,
  faultSentence,
  faultSentences,
  type Sentences,
} from "./faults.ts";
export {
  type Choice,
  type Exchange,
  exchangeById,
  exchanges,
  type Field,
  type Form,
  type Kind,
  type Shape,
} from "./table.ts";
export { warningsAbout } from "./warnings.ts";
