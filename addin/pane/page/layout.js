// A table that is not ours: each head with what it is taken for, to confirm or change by keyboard, and five rows as they will be read.
import { $, ask, element, options } from "./base.js";

export class Layouts {
  constructor(desk) {
    this.desk = desk;
    $("layout-no").addEventListener("click", () => $("layout").close());
    $("layout-look").addEventListener("click", () => this.doing(() => this.preview()));
    $("layout-keep").addEventListener("click", () => this.doing(async () => (await this.remember()) && $("layout").close()));
    $("layout").addEventListener("submit", (event) => {
      event.preventDefault();
      this.doing(() => this.goOn());
    });
    $("layout-columns").addEventListener("keydown", (event) => this.step(event));
    $("layout-columns").addEventListener("change", (event) => this.confirmed(event.target));
    $("layout-name").addEventListener("input", () => this.overwriting(false));
  }

  /** Has a table looked at, and shows what is proposed. */
  async open(table) {
    this.seen = await ask("learn", { table });
    options($("layout-county"), Object.entries(this.desk.city.seen?.counties ?? {}));
    $("layout-meanings").replaceChildren(...this.seen.meanings.map((means) => Object.assign(element("option"), { value: means })));
    $("layout-about").textContent = `“${table.split("/").at(-1)}”的每一列像是清单的哪一列。标 ？ 的请核对：在“含义”里打几个字选一列，没有用的清空；按回车确认，到下一列。`;
    $("layout-about").textContent += this.seen.blank ? "这是空白表：记住布局，再用“导出”填进去（在“更多选项”里选空白表和它的布局）。" : "";
    $("layout-go").hidden = $("layout-look").hidden = this.seen.blank;
    $("layout-year").value = this.seen.year;
    $("layout-name").value = this.seen.name;
    $("layout-preview").replaceChildren();
    this.overwriting(false);
    const rows = [];
    this.seen.rows.forEach((row, at) => {
      if (!at || row["工作表"] !== this.seen.rows[at - 1]["工作表"]) rows.push(this.sheetRow(row));
      rows.push(this.columnRow(row));
    });
    $("layout-columns").replaceChildren(...rows);
    const named = this.seen.rows.find((row) => row["含义"].endsWith(".区县"))?.["样例"] ?? "";
    for (const [code, name] of Object.entries(this.desk.city.seen?.counties ?? {})) {
      if (named.includes(name)) $("layout-county").value = code;
    }
    $("layout").showModal();
    (this.inputs().find((one) => one.closest("tr").dataset.sure !== "yes") ?? this.after()).focus();
  }

  inputs() {
    return [...$("layout-columns").querySelectorAll("input[list]")];
  }

  /** The button that follows the columns. */
  after() {
    return $(this.seen.blank ? "layout-keep" : "layout-look");
  }

  sheetRow(row) {
    const line = element("tr", "sheet");
    const cell = element("th", "", `《${row["工作表"]}》表头在第 ${row["表头行"].replaceAll("+", "、")} 行，每行是`);
    cell.colSpan = 5;
    const grain = element("select");
    grain.setAttribute("aria-label", `《${row["工作表"]}》每行是`);
    options(grain, this.seen.grains.map((one) => [one, one]));
    grain.value = row["每行是"];
    grain.addEventListener("change", () => {
      for (const other of this.seen.rows) if (other["工作表"] === row["工作表"]) other["每行是"] = grain.value;
    });
    cell.append(grain);
    line.append(cell);
    return line;
  }

  columnRow(row) {
    const line = element("tr");
    const means = element("input");
    means.setAttribute("list", "layout-meanings");
    means.setAttribute("aria-label", `“${row["表头"]}”的含义`);
    means.value = row["含义"];
    means.autocomplete = "off";
    const unit = element("input");
    unit.setAttribute("aria-label", `“${row["表头"]}”的单位`);
    unit.value = row["单位"];
    unit.autocomplete = "off";
    const mark = element("td", "mark");
    const cells = [mark, element("td", "", row["表头"]), element("td", "hint", row["样例"]), element("td"), element("td")];
    const also = element("div", "hint", row["也填"] ? `也填${row["也填"]}` : "");
    cells[3].append(means, also);
    cells[4].append(unit);
    line.append(...cells);
    means.addEventListener("input", () => {
      row["含义"] = means.value.trim();
      also.textContent = "";
    });
    unit.addEventListener("input", () => (row["单位"] = unit.value.trim()));
    this.mark(line, Boolean(row["含义"]) && Number(row["把握"]) >= this.seen.sure);
    return line;
  }

  mark(line, sure) {
    line.dataset.sure = sure ? "yes" : "";
    line.firstChild.textContent = sure ? "✓" : "？";
    line.firstChild.className = `mark ${sure ? "good" : "open"}`;
  }

  confirmed(input) {
    if (input.matches("input")) this.mark(input.closest("tr"), true);
  }

  /** Enter confirms a line and goes on to the next one; up and down with Alt go to the lines beside. */
  step(event) {
    if (event.isComposing || !event.target.matches("input") || (event.key !== "Enter" && !(event.altKey && /^Arrow(Up|Down)$/.test(event.key)))) return;
    event.preventDefault();
    if (event.key === "Enter") this.confirmed(event.target);
    const inputs = this.inputs();
    const at = inputs.indexOf(event.target.closest("tr").querySelector("input[list]"));
    (inputs[at + (event.key === "ArrowUp" ? -1 : 1)] ?? this.after()).focus();
  }

  /** Of which county and year the workbook is to be. */
  whose() {
    return { county: $("layout-county").value, year: $("layout-year").value.trim() };
  }

  async preview() {
    const seen = await ask("preview", { table: this.seen.table, rows: this.seen.rows, ...this.whose() });
    const parts = seen.said.map((line) => element("p", "hint", line));
    for (const list of seen.lists) {
      parts.push(element("h3", "", `${list.title}（${list.count} 行，看前 ${list.rows.length} 行）`));
      const frame = element("div", "frame");
      const table = element("table");
      const heads = element("tr");
      heads.append(...list.heads.map((head) => element("th", "", head)));
      table.append(heads);
      for (const row of list.rows) {
        const line = element("tr");
        for (const cell of row) {
          const made = element("td", cell.guess ? "open" : "", cell.guess ? `？${cell.text}` : cell.text);
          if (cell.guess) made.title = `推测：${cell.guess}`;
          line.append(made);
        }
        table.append(line);
      }
      frame.append(table);
      parts.push(frame);
    }
    $("layout-preview").replaceChildren(...parts);
    $("layout-preview").scrollIntoView({ block: "nearest" });
  }

  /** Writes the layout; one that is there is written over when asked a second time. Returns its path. */
  async remember() {
    const overwrite = $("layout-keep").dataset.overwrite === "yes";
    const answer = await ask("remember", { rows: this.seen.rows, name: $("layout-name").value, overwrite });
    this.overwriting(Boolean(answer.exists));
    if (answer.exists) throw new Error(`“${answer.exists}”已经有了。要用新的覆盖它，请再按一次；要保留它，请换一个名称。`);
    await this.desk.enter(this.desk.folder);
    return answer.path;
  }

  overwriting(exists) {
    $("layout-keep").dataset.overwrite = exists ? "yes" : "";
    $("layout-problem").textContent = "";
  }

  /** Remembers the layout, and goes on to import the table by it. */
  async goOn() {
    const path = await this.remember();
    $("layout").close();
    await this.desk.press(this.desk.works.get("import"), [this.seen.table], { "--layout": path, "--county": this.whose().county, "--year": this.whose().year });
  }

  async doing(work) {
    try {
      $("layout-problem").textContent = "";
      await work();
    } catch (error) {
      $("layout-problem").textContent = error.message;
    }
  }
}
