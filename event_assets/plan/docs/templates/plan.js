"use strict";
(() => {
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const chips = [...document.querySelectorAll("button.chip")];
  const normal = (text) => text.normalize("NFKC").toLowerCase();

  const links = new Map();
  for (const link of document.querySelectorAll(".index a")) {
    links.set(link.getAttribute("href").slice(1), link.parentElement);
  }
  const events = [...document.querySelectorAll("#events > article")].map((article) => {
    const rows = [...article.querySelectorAll(".properties tbody tr")].map((row) => ({
      row,
      text: normal(
        `${row.querySelector(".path").textContent} ${row.querySelector("[data-label=Description]").textContent}`,
      ),
    }));
    return {
      article,
      rows,
      link: links.get(article.id),
      own: normal(article.dataset.text),
      text: normal(`${article.dataset.text}\n${rows.map((each) => each.text).join("\n")}`),
      facets: {
        status: [article.dataset.status],
        owner: [article.dataset.owner],
        sent_by: article.dataset.sent_by.split(" "),
      },
    };
  });

  function chosen() {
    const values = {};
    for (const chip of chips) {
      if (chip.getAttribute("aria-pressed") === "true") {
        (values[chip.dataset.facet] ??= []).push(chip.dataset.value);
      }
    }
    return Object.entries(values);
  }

  function show() {
    const words = normal(search.value).split(/\s+/).filter(Boolean);
    const wanted = chosen();
    let shown = 0;
    for (const event of events) {
      const fits =
        words.every((word) => event.text.includes(word)) &&
        wanted.every(([facet, values]) => values.some((value) => event.facets[facet].includes(value)));
      shown += fits;
      event.article.hidden = event.link.hidden = !fits;
      const beyond = words.filter((word) => !event.own.includes(word));
      for (const { row, text } of event.rows) {
        row.classList.toggle("found", fits && beyond.some((word) => text.includes(word)));
      }
    }
    const all = words.length === 0 && wanted.length === 0;
    const [some, total] = [shown.toLocaleString("en"), events.length.toLocaleString("en")];
    count.textContent = all ? `${total} events` : `${some} of ${total} events`;
    nothing.hidden = shown > 0;
    document.body.classList.toggle("filtered", !all);
  }

  function clear() {
    search.value = "";
    chips.forEach((chip) => chip.setAttribute("aria-pressed", "false"));
    show();
  }

  search.addEventListener("input", show);
  document.getElementById("clear").addEventListener("click", () => {
    clear();
    search.focus();
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  document.addEventListener("keydown", (pressed) => {
    const isTyping = pressed.target.matches("input, textarea, select");
    if (pressed.key === "/" && !isTyping && !pressed.ctrlKey && !pressed.metaKey && !pressed.altKey) {
      pressed.preventDefault();
      search.focus();
      search.select();
    } else if (pressed.key === "Escape" && pressed.target === search) {
      search.value = "";
      show();
    } else if (pressed.key === "Enter" && pressed.target === search) {
      const first = events.find((event) => !event.article.hidden);
      first?.article.querySelector("a.anchor").focus();
      first?.article.scrollIntoView();
    }
  });

  // a link to an event that the filters hide shows everything again
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      clear();
      target.scrollIntoView();
    }
  });

  const today = new Date().toISOString().slice(0, 10);
  for (const review of document.querySelectorAll("[data-review]")) {
    if (review.dataset.review < today) {
      const badge = document.createElement("span");
      badge.className = "badge overdue";
      badge.textContent = "overdue";
      review.append(" ", badge);
    }
  }
  show();
})();
