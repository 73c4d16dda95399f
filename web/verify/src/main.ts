/** The page behind every mail link, in the first of the browser's languages that there is a translation for. */

import { Keyleash } from "@keyleash/client";
import { preferredTexts } from "../../settings/src/texts/texts.ts";
import "./link.ts";
import { takeLink } from "./token.ts";

const { language, verify } = preferredTexts();
document.documentElement.lang = language;
document.title = verify.pageTitle;

const page = document.createElement("verify-link");
page.link = takeLink();
page.opening = Keyleash.open();
document.body.append(page);
