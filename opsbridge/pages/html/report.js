"use strict";
const form = document.querySelector("form.filters");
const count = form.querySelector("output");
const empty = document.querySelector(".empty");
const pages = [...document.querySelectorAll(".page")].map((element) => ({
  element,
  head: `${element.dataset.page} ${element.dataset.title}`.toLowerCase(),
  statements: [...element.querySelectorAll(".statement")].map((statement) => ({
    element: statement,
    text: statement.textContent.toLowerCase(),
  })),
}));

function fits(statement, wanted) {
  const { verdict, cause, backend } = statement.element.dataset;
  const verdictFits = wanted.verdict === "false"
    ? "false" in statement.element.dataset
    : !wanted.verdict || verdict === wanted.verdict;
  return verdictFits
    && (!wanted.cause || cause === wanted.cause)
    && (!wanted.backend || backend === wanted.backend);
}

function filter() {
  const wanted = Object.fromEntries(new FormData(form));
  const text = wanted.text.trim().toLowerCase();
  const aboutStatements = wanted.verdict || wanted.cause || wanted.backend;
  let shown = 0;
  let shownPages = 0;
  for (const page of pages) {
    const { page: path, language } = page.element.dataset;
    const pageFits = (!wanted.page || path === wanted.page)
      && (!wanted.language || language === wanted.language);
    const headFits = page.head.includes(text);
    let visible = 0;
    for (const statement of page.statements) {
      const show = pageFits && fits(statement, wanted)
        && (headFits || statement.text.includes(text));
      statement.element.hidden = !show;
      visible += show;
    }
    const show = pageFits && (visible > 0 || (headFits && !aboutStatements));
    page.element.hidden = !show;
    shown += visible;
    shownPages += show;
  }
  count.textContent = `${shown} statements on ${shownPages} pages`;
  empty.hidden = shownPages > 0;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
form.hidden = false;
filter();
