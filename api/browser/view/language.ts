// The language and the size of text that somebody chose, kept for the next time and applied to the whole page.

import type { Message } from "./messages.ts";

export type Language = "zh-CN" | "en";

const LANGUAGE = "language";
const LARGE = "large";

let language: Language = localStorage.getItem(LANGUAGE) === "en" ? "en" : "zh-CN";

export function chosenLanguage(): Language {
  return language;
}

/** The message in the chosen language. */
export function told(message: Message): string {
  return message[language === "en" ? 1 : 0];
}

/** Fill every element that names a message, and let the two buttons of the header do what they say. */
export function applyChoices(messages: Readonly<Record<string, Message>>, changed: () => void): void {
  const show = (): void => {
    document.documentElement.lang = language;
    document.title = told(messages["title"]!);
    for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
      element.textContent = told(messages[element.dataset["text"]!]!);
    }
    for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
      element.setAttribute("aria-label", told(messages[element.dataset["label"]!]!));
    }
  };
  const size = (large: boolean): void => {
    document.documentElement.classList.toggle("large", large);
    button("large").setAttribute("aria-pressed", String(large));
  };
  button("language").addEventListener("click", () => {
    language = language === "en" ? "zh-CN" : "en";
    localStorage.setItem(LANGUAGE, language);
    show();
    changed();
  });
  button("large").addEventListener("click", () => {
    const large = !document.documentElement.classList.contains("large");
    localStorage.setItem(LARGE, String(large));
    size(large);
  });
  size(localStorage.getItem(LARGE) === "true");
  show();
}

/** An element that the page's HTML has. */
export function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function button(id: string): HTMLButtonElement {
  return element<HTMLButtonElement>(id);
}
