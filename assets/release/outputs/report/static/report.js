// Language switch, search, and what readers do with tables and tiles. Everything can be read without this script, in Chinese.
"use strict";
(() => {
  const KEY = "gancheng-language";
  const root = document.documentElement;

  // A file has no server to remember a choice: the address comes first, then what the browser kept, if it may.
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const keep = (language) => { try { localStorage.setItem(KEY, language); } catch { /* the address still tells */ } };
  const wanted = () => (/(?:^#|&)lang=(zh|en)\b/.exec(location.hash) || [])[1];

  const show = () => {
    root.lang = language === "en" ? "en" : "zh-CN";
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    for (const one of document.querySelectorAll("[data-zh]")) one.textContent = one.dataset[language];
    for (const one of document.querySelectorAll("[data-zh-placeholder]")) {
      one.placeholder = one.dataset[`${language}Placeholder`];
      one.setAttribute("aria-label", one.placeholder);
    }
    for (const link of document.querySelectorAll("a[href]")) {
      const [page, hash = ""] = link.getAttribute("href").split("#");
      if (page.endsWith(".html") && (hash === "" || hash.startsWith("lang="))) {
        link.setAttribute("href", `${page}#lang=${language}`);
      }
    }
  };
  let language = wanted() || kept() || "zh";
  root.lang = language === "en" ? "en" : "zh-CN";
  root.classList.add("scripted");

  const sortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    for (const heading of table.tHead.rows[0].cells) {
      if (heading.dataset.sort === undefined) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, body, original, heading));
    }
  };

  const sort = (table, body, original, heading) => {
    // The first click shows what is asked for first: the highest figure, the first name.
    const order = heading.dataset.sort === "text" ? ["ascending", "descending", "none"] : ["descending", "ascending", "none"];
    const direction = order[(order.indexOf(heading.getAttribute("aria-sort") || "none") + 1) % 3];
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    if (direction !== "none") heading.setAttribute("aria-sort", direction);
    const position = heading.cellIndex;
    const value = (row) => {
      const cell = row.cells[position];
      if (heading.dataset.sort === "text") return cell.innerText.trim();
      const text = cell.dataset.value === undefined ? cell.innerText : cell.dataset.value;
      return text.trim() === "" || isNaN(text) ? null : Number(text);
    };
    const sign = direction === "ascending" ? 1 : -1;
    const compare = (one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === null || b === null) return (a === null) - (b === null); // missing is last either way
      return sign * (typeof a === "string" ? a.localeCompare(b, root.lang) : a - b);
    };
    // innerText of a hidden row has both languages.
    const isFolded = table.classList.contains("folded");
    table.classList.remove("folded");
    body.append(...(direction === "none" ? original : [...original].sort(compare)));
    table.classList.toggle("folded", isFolded);
  };

  // A long table has a field that hides the rows without a text.
  const addFilter = (table) => {
    const field = document.createElement("input");
    field.type = "search";
    field.className = "filter no-print";
    Object.assign(field.dataset, { zhPlaceholder: "筛选各行", enPlaceholder: "Filter the rows" });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      table.classList.toggle("filtered", wanted !== "");
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    (table.closest(".scroll") || table).before(field);
  };

  // A long table shows its first rows, all of them on demand, to the filter and in print. The style sheet has how many:
  // on a narrow screen a row is a card.
  const addFold = (table, tools) => {
    const count = table.tBodies[0].rows.length;
    if (count <= 10 || table.tBodies.length > 1 || table.closest(".tall")) return;
    const button = document.createElement("button");
    [button.type, button.className] = ["button", count > 30 ? "fold long" : "fold"];
    table.classList.toggle("long", count > 30);
    const toggle = () => {
      const isFolded = table.classList.toggle("folded");
      button.setAttribute("aria-expanded", String(!isFolded));
      Object.assign(button.dataset, isFolded
        ? { zh: `显示全部 ${count} 行`, en: `Show all ${count} rows` }
        : { zh: "只显示前几行", en: "Show the first rows only" });
      button.textContent = button.dataset[language];
    };
    button.addEventListener("click", () => {
      toggle();
      if (table.classList.contains("folded")) table.scrollIntoView();
    });
    toggle();
    tools.prepend(button);
  };

  // Scripts that few readers need are loaded when they do.
  const base = document.currentScript.dataset.root;
  const loaded = {};
  const load = (name) => loaded[name] ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    [script.src, script.onload, script.onerror] = [base + name, resolve, reject];
    document.head.append(script);
  });

  const addTools = (place) => {
    const formats = place.tagName === "TABLE" ? { csv: "CSV", xlsx: "Excel" } : { svg: "SVG", png: "PNG" };
    const tools = document.createElement("p");
    tools.className = "tools no-print";
    for (const [format, label] of Object.entries(formats)) {
      const button = document.createElement("button");
      [button.type, button.textContent] = ["button", label];
      button.addEventListener("click", async () => {
        await load("downloads.js");
        const isBefore = (one) => one.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING;
        const heading = [...document.querySelectorAll("h1, h2, h3")].filter(isBefore).pop().innerText;
        window.gancheng.save(place, format, `${document.title} ${heading}`.replace(/[^\p{L}\p{N}.]+/gu, "-"));
      });
      tools.append(button);
    }
    (place.closest(".scroll, .plot") || place).after(tools);
    if (place.matches(".cards")) addFold(place, tools);
  };
  window.gancheng = { addTools };

  const addSearch = (field, list) => {
    const find = async () => {
      await load("search.js");
      const wanted = field.value.trim().toLowerCase();
      const hits = wanted === "" ? [] : window.GANCHENG_SEARCH.filter((entry) => entry.join("\n").toLowerCase().includes(wanted));
      const isLater = ([, zh, en]) => !zh.startsWith(wanted) && !en.toLowerCase().startsWith(wanted);
      hits.sort((one, other) => isLater(one) - isLater(other));
      list.replaceChildren(...hits.slice(0, 12).map(([page, zh, en]) => {
        const [item, link] = [document.createElement("li"), document.createElement("a")];
        link.href = `${base}${page}#lang=${language}`;
        link.textContent = language === "en" ? en : zh;
        item.append(link);
        return item;
      }));
      list.hidden = hits.length === 0;
    };
    field.addEventListener("input", find);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") list.hidden = true;
      if (event.key === "Enter") list.querySelector("a")?.click();
    });
  };

  // The tiles show what is chosen; each tile has all its texts and classes.
  const chooseTiles = (choice) => {
    for (const tile of document.querySelectorAll("[data-shown]")) {
      const [shade, text] = tile.dataset.shown.split("|")[choice.selectedIndex].split(" ");
      tile.className = `tile ${shade}`;
      tile.querySelector("small").textContent = text;
    }
  };

  // On a narrow screen a row becomes a card, in which each cell has its heading.
  const narrow = matchMedia("screen and (max-width: 720px)");
  const labelCells = () => {
    if (!narrow.matches) return;
    for (const table of document.querySelectorAll("table.cards:not(.labelled)")) {
      table.classList.add("labelled");
      const headings = [...table.tHead.rows[0].cells];
      for (const cell of table.querySelectorAll(":scope > tbody > tr > td")) {
        const [label, content] = [document.createElement("span"), document.createElement("div")];
        label.className = "label";
        label.append(...[...(headings[cell.cellIndex].querySelector("button") || headings[cell.cellIndex]).childNodes].map((one) => one.cloneNode(true)));
        for (const link of label.querySelectorAll("a")) link.replaceWith(...link.childNodes);
        content.className = "cell";
        content.append(...cell.childNodes);
        cell.append(label, content);
      }
    }
  };
  narrow.addEventListener("change", labelCells);

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("table.sortable")) {
      sortable(table);
      if (table.tBodies[0].rows.length > 20) addFilter(table);
    }
    for (const place of document.querySelectorAll("main table:not(.tiles, .series table), .plot svg")) addTools(place);
    addSearch(...document.querySelectorAll(".search > *"));
    for (const choice of document.querySelectorAll(".tile-choice select")) {
      choice.addEventListener("change", () => chooseTiles(choice));
    }
    show();
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => {
        language = button.dataset.language;
        keep(language);
        if (wanted()) location.replace(`#lang=${language}`);
        show();
      });
    }
    labelCells();
  });
  addEventListener("hashchange", () => { language = wanted() || language; show(); });

  const opened = [];
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open], .screen)")) { one.open = true; opened.push(one); }
  });
  addEventListener("afterprint", () => { for (const one of opened.splice(0)) one.open = false; });
})();
