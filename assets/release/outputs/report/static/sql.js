// The page on which readers write SQL: loads the tables into SQLite in the page, and shows the result of a statement.
"use strict";
(() => {
  const MOST = 1000;
  const outcome = (zh, en) => {
    const place = document.getElementById("outcome");
    place.replaceChildren(...[["zh", zh], ["en", en]].map(([language, text]) => {
      const part = document.createElement("span");
      part.lang = language;
      part.textContent = text;
      return part;
    }));
  };

  const load = (database, tables) => {
    for (const [name, { columns, rows }] of Object.entries(tables)) {
      database.run(`create table ${name} (${columns.map((column) => `"${column}"`).join(", ")})`);
      const insert = database.prepare(`insert into ${name} values (${columns.map(() => "?").join(", ")})`);
      database.run("begin");
      for (const row of rows) insert.run(row.map((value) => (typeof value === "boolean" ? Number(value) : value)));
      database.run("commit");
      insert.free();
    }
  };

  const show = (columns, rows) => {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const column of columns) {
      const cell = document.createElement("th");
      cell.textContent = column;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const value of row) {
        const cell = line.insertCell();
        cell.textContent = value === null ? "" : value;
        if (typeof value === "number") cell.className = "n";
      }
    }
    document.getElementById("result").replaceChildren(table);
    window.gancheng.addTools(table);
  };

  const run = (database) => {
    document.getElementById("result").replaceChildren();
    const rows = [];
    let [columns, isCut] = [[], false];
    try {
      const text = document.getElementById("statement").value;
      const count = [...database.iterateStatements(text)].length;
      if (count !== 1) {
        outcome(...(count === 0 ? ["没有查询语句", "There is no statement"] : [`共有 ${count} 条语句，一次只能运行一条`, `There are ${count} statements; a query is one`]));
        return;
      }
      const statement = database.prepare(text);
      columns = statement.getColumnNames();
      while (!isCut && statement.step()) {
        if (rows.length < MOST) rows.push(statement.get());
        else isCut = true;
      }
      statement.free();
    } catch (error) {
      outcome(`语句有误：${error.message}`, `The statement failed: ${error.message}`);
      return;
    }
    show(columns, rows);
    if (isCut) outcome(`只显示前 ${MOST} 行`, `only the first ${MOST} rows are shown`);
    else outcome(`${rows.length} 行`, `${rows.length} ${rows.length === 1 ? "row" : "rows"}`);
  };

  document.addEventListener("DOMContentLoaded", async () => {
    let database;
    try {
      const program = await window.initSqlJs();
      database = new program.Database();
      load(database, window.GANCHENG_TABLES);
    } catch (error) {
      outcome(`本浏览器不能运行查询：${error.message}`, `This browser cannot run queries: ${error.message}`);
      return;
    }
    const [button, statement, examples] = ["run", "statement", "examples"].map((id) => document.getElementById(id));
    button.disabled = false;
    button.addEventListener("click", () => run(database));
    statement.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(database);
    });
    examples.addEventListener("change", () => {
      if (examples.value === "") return;
      statement.value = examples.value;
      run(database);
    });
  });
})();
