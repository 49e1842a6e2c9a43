// Saves a table as CSV or as a workbook, and a chart as SVG or PNG. Loaded when a reader first asks for it.
"use strict";
(() => {
  const NUMBER = /^[+-]?[0-9][0-9,]*(\.[0-9]+)?$/;
  // A spreadsheet would take such a text for a formula.
  const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

  const save = (content, type, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const withoutOtherLanguage = (element) => {
    const copy = element.cloneNode(true);
    const other = document.documentElement.lang === "en" ? "zh" : "en";
    for (const one of copy.querySelectorAll(`[lang="${other}"]`)) one.remove();
    return copy;
  };

  // A cell without the heading that it has on a card, a heading without its button. The text of an element that is not
  // drawn, as the headings of cards are, is in both languages.
  const text = (cell) => {
    const content = cell.querySelector(":scope > .cell") || cell.querySelector("button") || cell;
    return (content.checkVisibility() ? content : withoutOtherLanguage(content)).innerText.trim().replace(/\s+/g, " ");
  };
  const rows = (table) => [...table.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(text));

  const csv = (table) => "\uFEFF" + rows(table).map((row) => row.map((cell) => {
    const safe = FORMULA.test(cell) && !NUMBER.test(cell) && !/^[+-]+$/.test(cell) ? `'${cell}` : cell;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }).join(",")).join("\r\n") + "\r\n";

  // --- a workbook: a zip of XML parts, stored without compression ---
  const CRC = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  const crc = (bytes) => ~bytes.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), ~0) >>> 0;

  const zip = (parts) => {
    const [files, index] = [[], []];
    let offset = 0;
    for (const [name, content] of parts) {
      const [title, bytes] = [name, content].map((one) => new TextEncoder().encode(one));
      const header = (isIndex) => {
        const view = new DataView(new ArrayBuffer(isIndex ? 46 : 30));
        view.setUint32(0, isIndex ? 0x02014b50 : 0x04034b50, true);
        const start = isIndex ? 6 : 4;
        if (isIndex) view.setUint16(4, 20, true);
        view.setUint16(start, 20, true);
        view.setUint16(start + 8, 0x21, true); // 1980-01-01
        view.setUint32(start + 10, crc(bytes), true);
        view.setUint32(start + 14, bytes.length, true);
        view.setUint32(start + 18, bytes.length, true);
        view.setUint16(start + 22, title.length, true);
        if (isIndex) view.setUint32(42, offset, true);
        return view.buffer;
      };
      files.push(header(false), title, bytes);
      index.push(header(true), title);
      offset += 30 + title.length + bytes.length;
    }
    const size = index.reduce((sum, one) => sum + one.byteLength, 0);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, parts.length, true);
    end.setUint16(10, parts.length, true);
    end.setUint32(12, size, true);
    end.setUint32(16, offset, true);
    return new Blob([...files, ...index, end.buffer]);
  };

  const workbook = (table) => {
    const escape = (cell) => cell.replace(/[&<>]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one]).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");
    const cell = (value) => (NUMBER.test(value) && value.length < 16
      ? `<c><v>${Number(value.replaceAll(",", ""))}</v></c>`
      : `<c t="inlineStr"><is><t xml:space="preserve">${escape(value)}</t></is></c>`);
    const sheet = rows(table).map((row) => `<row>${row.map(cell).join("")}</row>`).join("");
    const [xml, open, relations] = ['<?xml version="1.0" encoding="UTF-8"?>', "http://schemas.openxmlformats.org/", "package/2006/relationships"];
    const relation = (type, target) => `${xml}<Relationships xmlns="${open}${relations}"><Relationship Id="r1" Type="${open}officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`;
    const type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    return zip([
      ["[Content_Types].xml", `${xml}<Types xmlns="${open}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${type}.worksheet+xml"/></Types>`],
      ["_rels/.rels", relation("officeDocument", "xl/workbook.xml")],
      ["xl/workbook.xml", `${xml}<workbook xmlns="${open}spreadsheetml/2006/main" xmlns:r="${open}officeDocument/2006/relationships"><sheets><sheet name="Gancheng" sheetId="1" r:id="r1"/></sheets></workbook>`],
      ["xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")],
      ["xl/worksheets/sheet1.xml", `${xml}<worksheet xmlns="${open}spreadsheetml/2006/main"><sheetData>${sheet}</sheetData></worksheet>`],
    ]);
  };

  // A picture has no style sheet and shows both languages: the other one goes, and the font is written in.
  const picture = (chart) => {
    const copy = withoutOtherLanguage(chart);
    for (const one of copy.querySelectorAll("text")) one.setAttribute("font-family", getComputedStyle(document.body).fontFamily);
    return new XMLSerializer().serializeToString(copy);
  };

  const paint = (chart, name) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
      const brush = canvas.getContext("2d");
      brush.fillStyle = "#ffffff";
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((content) => save(content, "image/png", name));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture(chart))}`;
  };

  window.gancheng.save = (place, format, name) => {
    if (format === "csv") save(csv(place), "text/csv", `${name}.csv`);
    if (format === "xlsx") save(workbook(place), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", `${name}.xlsx`);
    if (format === "svg") save(picture(place), "image/svg+xml", `${name}.svg`);
    if (format === "png") paint(place, `${name}.png`);
  };
})();
