// The chat page: a sentence goes out, words and motion come back and are played together.

import { applyTheme, themeButton } from "../lib/theme";
import { byId } from "../lib/dom";
import { ChatPage } from "./page";

applyTheme();
byId("theme-place").replaceWith(themeButton());
new ChatPage().open();
