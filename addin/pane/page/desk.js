// Files, buttons, and what became of the jobs.
import { $, ask, attempt, button, clockTime, day, element, fill, options, send } from "./base.js";
import { City } from "./city.js";
import { Layouts } from "./layout.js";

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1 << 20 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);
export class Desk {
  constructor(about, list) {
    this.about = about;
    this.list = list;
    this.folder = "in";
    this.entries = [];
    this.choosable = []; // their paths
    this.chosen = new Set();
    this.jobs = null; // as the server last said
    this.source = "0"; // of the findings that are listed: id of a job, "v" and the number of a version, "0" the spreadsheet
    this.work = null; // that the dialog asks about
    document.body.classList.toggle("with-desk", about.inbox !== null);
    $("desk").hidden = about.inbox === null;
    $("folders").hidden = about.inbox === null;
    this.works = new Map(about.works.map((one) => [one.id, one]));
    for (const one of about.works) {
      const made = button("", one.label, () => this.press(one));
      made.title = one.about;
      $(one.daily ? "works" : "more-works").append(made);
    }
    $("more").hidden = about.works.every((one) => one.daily);
    this.city = about.inbox === null ? null : new City(this);
    this.layouts = new Layouts(this);
    $("ask-no").addEventListener("click", () => $("ask").close());
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start(this.work, $("ask-yes").dataset.overwrite === "yes");
    });
    $("out").addEventListener("input", () => this.overwriting(""));
    $("source").addEventListener("change", () => this.show($("source").value));
    this.sayTarget();
    if (about.inbox !== null) {
      for (const root of $("roots").querySelectorAll("[data-path]")) {
        root.addEventListener("click", () => this.enter(root.dataset.path));
      }
      $("refresh").addEventListener("click", () => this.enter(this.folder));
      $("reveal").addEventListener("click", () => attempt(() => ask(`open?path=${encodeURIComponent(this.folder)}`, {})));
      $("all").addEventListener("change", () => {
        this.chosen = new Set($("all").checked ? this.choosable : []);
        this.showFiles();
      });
      window.addEventListener("focus", () => {
        this.enter(this.folder);
        this.showCalendar();
        this.city.load();
      });
      this.takeFiles();
      this.showPlace();
      this.showCalendar();
      this.enter("in");
      this.city.load();
    }
    setInterval(() => this.tick(), 1000);
  }

  /** Files that are dropped on the page, or chosen, are put into the inbox. */
  takeFiles() {
    const put = (files) => attempt(async () => {
      const names = [];
      for (const file of files) names.push((await send(`drop?name=${encodeURIComponent(file.name)}`, file)).name);
      await this.enter("in");
      await this.city.load();
      $("target").textContent = `已放进收件文件夹：${names.join("、")}。`;
    });
    $("put-in").addEventListener("click", () => $("put-in-files").click());
    $("put-in-files").addEventListener("change", () => put([...$("put-in-files").files]));
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      put([...event.dataTransfer.files]);
    });
  }

  /** Where results are written; another folder can be named. */
  showPlace() {
    $("place-path").value = this.about.place;
    $("place").addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(async () => {
        Object.assign(this.about, await ask("results", { path: $("place-path").value }));
        $("place-path").value = this.about.place;
        await this.enter("out");
        await this.city.load();
      });
    });
  }

  /** Lists what is due; the line that is always seen names the next one. */
  showCalendar() {
    return attempt(async () => {
      const { heading, duties } = await ask("calendar");
      $("calendar").hidden = false;
      const next = duties.find((one) => one.days >= 0);
      const past = duties.length ? "日程　各项期限都已过" : "日程";
      $("next").textContent = next ? `日程　${next.state}：${next.what}（${next.who}）` : past;
      $("calendar-about").textContent = heading;
      $("calendar-frame").hidden = !duties.length;
      fill($("duties"), ...duties.map((one) => {
        const row = element("tr", one.days < 0 ? "past" : "");
        const what = element("td", "", `${one.what}（${one.round}）`);
        what.append(element("span", "hint", one.verified ? one.source : `${one.source}（待核实）`));
        row.append(element("td", "", one.due), element("td", "state", one.state), what, element("td", "", one.who));
        return row;
      }));
    });
  }

  /** Lists a folder; what was chosen stays chosen as long as it lies there. */
  enter(folder) {
    return attempt(async () => {
      this.entries = await ask(`list?path=${encodeURIComponent(folder)}`);
      this.folder = folder;
      this.choosable = this.entries.map((one) => one.path).filter((path) => path !== null);
      this.chosen = new Set(this.choosable.filter((path) => this.chosen.has(path)));
      this.showFiles();
    });
  }

  showFiles() {
    const [root, ...inside] = this.folder.split("/");
    for (const made of $("roots").querySelectorAll("[data-path]")) {
      made.setAttribute("aria-current", made.dataset.path === root);
    }
    $("crumbs").replaceChildren();
    inside.forEach((name, at) => {
      $("crumbs").append(" / ", button("plain", name, () => this.enter([root, ...inside.slice(0, at + 1)].join("/"))));
    });
    fill($("files"), ...this.entries.map((one) => this.fileRow(one)));
    $("all").checked = this.choosable.length > 0 && this.chosen.size === this.choosable.length;
    $("all").disabled = !this.entries.length;
    $("no-files").hidden = this.entries.length > 0;
    $("no-files").textContent = root === "in" ? "这个文件夹是空的。请把各县区的填报表放进来，再按 ↻。" : "还没有结果。";
    this.sayTarget();
  }

  fileRow(one) {
    const row = element("tr", this.chosen.has(one.path) ? "chosen" : "");
    const tick = element("input");
    tick.type = "checkbox";
    tick.checked = this.chosen.has(one.path);
    tick.disabled = one.path === null; // a name that cannot be said; the folder as a whole holds it
    tick.setAttribute("aria-label", `选中 ${one.name}`);
    tick.addEventListener("change", () => {
      if (!this.chosen.delete(one.path)) this.chosen.add(one.path);
      row.classList.toggle("chosen", tick.checked);
      $("all").checked = this.chosen.size === this.choosable.length;
      this.sayTarget();
    });
    const cells = [element("td"), element("td"), element("td", "number", one.folder ? "" : size(one.size)), element("td", "time", day(one.time))];
    cells[0].append(tick);
    if (one.folder && one.path) {
      cells[1].append(button("plain", `${one.name}/`, () => this.enter(one.path)));
    } else {
      const name = element("span", "", one.name);
      name.addEventListener("click", () => tick.click());
      cells[1].append(name);
    }
    row.append(...cells);
    return row;
  }

  sayTarget() {
    if (this.about.inbox === null) {
      $("target").textContent = "校验的是正在填的表，还没保存的改动也算在内。";
      return;
    }
    const place = this.folder.split("/").at(-1);
    const name = { in: `收件文件夹“${this.about.inbox}”`, out: "结果文件夹" }[place] ?? `文件夹“${place}”`;
    $("target").textContent = this.chosen.size ? `已选 ${this.chosen.size} 项。` : `没有选文件：对整个${name}操作。`;
  }

  /** The files that a button is pressed over: those chosen, else what the work is usually done with. */
  filesOf(work) {
    if (work.takes === "none" || this.about.inbox === null) return [];
    if (this.chosen.size) return [...this.chosen];
    if (!work.offered) return [this.folder === "out" ? "in" : this.folder];
    const city = this.city.seen?.workbook;
    const exported = (this.jobs ?? []).findLast((one) => one.work === "export" && one.out)?.out;
    return [`out/${{ "全市.xlsx": city, "报省.xlsx": exported }[work.offered] ?? work.offered}`];
  }

  /** Presses a button: over the files that are chosen, or those given; `start` is what the dialog begins with. */
  press(work, files = this.filesOf(work), start = {}) {
    this.work = work;
    this.files = files;
    if (work.confirms) {
      attempt(() => this.layouts.open(files.length === 1 ? files[0] : ""));
      return;
    }
    $("out").value = work.out;
    $("ask-asks").replaceChildren();
    if (!work.out && !work.asks.length) {
      attempt(() => this.send(work, false));
      return;
    }
    attempt(async () => {
      const rare = element("details");
      rare.append(element("summary", "", "更多选项"));
      for (const one of work.asks) (one.rare ? rare : $("ask-asks")).append(await this.askFor(one));
      if (rare.children.length > 1) $("ask-asks").append(rare);
      for (const [option, value] of Object.entries(start)) $("ask-asks").querySelector(`[data-option="${option}"]`).querySelector("input, select").value = value;
      $("ask-title").textContent = work.label;
      $("ask-about").textContent = work.out && work.out !== "." ? `${work.about}结果写到“${this.about.results}”文件夹。` : work.about;
      const names = this.files.map((path) => ({ in: "整个收件文件夹", out: "整个结果文件夹" })[path] ?? path.split("/").at(-1));
      $("ask-target").textContent = names.length ? `对象：${names.slice(0, 3).join("、")}${names.length > 3 ? ` 等 ${names.length} 项` : ""}` : "";
      $("ask-out").hidden = !work.out || work.out === ".";
      this.overwriting("");
      $("ask").showModal();
      $("ask-yes").focus();
    });
  }

  /** What a dialog asks for. */
  async askFor(one) {
    const made = element(one.kind === "counties" ? "fieldset" : "label", one.kind === "tick" ? "tick" : "");
    made.dataset.option = one.option;
    made.dataset.kind = one.kind;
    if (one.kind === "counties") {
      made.append(element("legend", "", one.label), element("p", "hint", this.city.seen?.board?.length ? one.about : "还没有汇总，看不到退回给谁；将退给所有有问题的区县。"));
      for (const county of this.city.seen?.board ?? []) {
        if (county.revision === null) continue;
        const { errors, warnings } = county.asked ?? county; // versions of earlier programs lack it
        const open = errors + warnings;
        const line = element("label", "tick");
        const tick = element("input");
        [tick.type, tick.value, tick.checked] = ["checkbox", county.code, open > 0];
        line.append(tick, element("span", "", `${county.name}　第 ${county.revision} 版　${open ? `错误 ${errors}，提醒 ${warnings}` : "没有要改的"}${county.waived ? `，已豁免 ${county.waived}` : ""}`));
        made.append(line);
      }
      return made;
    }
    let input = element("input");
    if (["file", "choice", "ruleset"].includes(one.kind)) {
      input = element("select");
      if (one.kind === "file") {
        const files = await ask(`choices?ending=${encodeURIComponent(one.ending)}`);
        options(input, [["", "不选"], ...files.map((file) => [file.path, file.name])]);
      } else if (one.kind === "ruleset") {
        options(input, [["", "最新的一版"], ...(await ask("rulesets")).map((ruleset) => [ruleset.id, ruleset.name])]);
      } else {
        options(input, one.choices.length ? one.choices : Object.entries(this.city.seen?.counties ?? {}));
      }
      if (one.start) input.value = one.start;
    } else if (one.kind === "tick") {
      [input.type, input.checked] = ["checkbox", one.start === "yes"];
    } else {
      [input.type, input.value, input.autocomplete] = [one.kind === "secret" ? "password" : "text", one.start, "off"];
    }
    if (one.kind === "tick") made.append(input, element("span", "", one.label));
    else made.append(one.label, input);
    if (one.about) made.append(element("span", "hint", one.about));
    return made;
  }

  /** What was said to the dialog, by option. */
  asked() {
    const said = {};
    for (const made of $("ask-asks").querySelectorAll("[data-option]")) {
      const inputs = [...made.querySelectorAll("input, select")];
      const value = (one) => (one.type === "checkbox" ? (one.checked ? (made.dataset.kind === "tick" ? "yes" : one.value) : "") : one.value);
      said[made.dataset.option] = inputs.map(value).filter(Boolean);
    }
    return said;
  }

  /** Says what stands against the start; an output that exists can be overwritten by pressing once more. */
  overwriting(problem, exists = false) {
    $("ask-problem").textContent = problem;
    $("ask-yes").textContent = exists ? "覆盖" : "开始";
    $("ask-yes").dataset.overwrite = exists ? "yes" : "";
  }

  async start(work, overwrite) {
    try {
      const counties = $("ask-asks").querySelector('[data-kind="counties"]');
      if (counties?.querySelector("input") && !counties.querySelector("input:checked")) throw new Error("一个区县都没有选。请至少选一个。");
      await this.send(work, overwrite);
      $("ask").close();
    } catch (error) {
      const exists = error.content?.exists;
      this.overwriting(exists ? `“${exists}”已经有了。${work.keeps}要用新的覆盖它，请按“覆盖”；要保留它，请换一个名称。` : error.message, exists);
    }
  }

  send(work, overwrite) {
    return ask("press", { work: work.id, files: this.files, out: $("out").value, overwrite, asked: this.asked() });
  }

  showJobs(jobs) {
    const before = new Map((this.jobs ?? jobs).map((one) => [one.id, one.state]));
    const first = this.jobs === null;
    this.jobs = jobs;
    const cards = jobs.toReversed().map((one) => this.card(one));
    fill($("jobs"), ...cards.slice(0, 1));
    fill($("earlier-jobs"), ...cards.slice(1));
    $("earlier").hidden = cards.length < 2;
    $("earlier-title").textContent = `以前做过的事（${cards.length - 1}）`;
    const ended = jobs.filter((one) => one.state !== "运行中" && before.get(one.id) !== one.state);
    if (ended.length && this.about.inbox !== null) {
      this.enter(this.folder);
      this.city.load();
    }
    const done = ended.findLast((one) => one.state === "完成" && ["check", "audit", "consolidate", "export"].includes(one.work));
    this.offerSources();
    this.city?.showStep();
    if (done) this.show(done.live ? "0" : String(done.id));
    else if (first && jobs.length && this.source === "0" && !this.about.live) this.offerSources();
  }

  card(one) {
    const card = element("article", "job");
    card.dataset.state = one.state;
    const ended = ["完成", "没做成"].includes(one.state);
    const tone = one.state === "没做成" ? "bad" : one.tone;
    const title = element("h3");
    title.append(one.label, element("span", "", one.what));
    const said = ended ? `${{ good: "✓", open: "！", bad: "✗" }[tone]} ${one.state === "完成" ? one.result : one.state}` : one.state;
    title.append(element("b", ended ? tone : "", one.state === "运行中" ? "" : said));
    card.append(title);
    const foot = element("div", "foot");
    if (one.state === "运行中") {
      const bar = element("progress");
      bar.setAttribute("aria-label", `${one.label}的进度`);
      if (one.step) [bar.value, bar.max] = one.step;
      card.append(bar);
      foot.append(
        element("span", "", one.step ? `${one.step[0]} / ${one.step[1]}　${one.step[2]}` : "正在处理…"),
        this.clock(one),
        button("", "取消", () => attempt(() => ask(`cancel/${one.id}`, {}))),
      );
    } else {
      if (one.checks.length) card.append(this.checks(one.checks));
      if (one.words.length) {
        const lines = element("ul");
        lines.append(...one.words.map((line) => element("li", "", line)));
        card.append(lines);
      }
      for (const name of [one.out, ...one.also].filter(Boolean)) foot.append(...this.links(name));
      if (one.state === "完成" && one.findings) foot.append(button("plain", `看问题（${one.findings}）`, () => this.look(String(one.id))));
      foot.append(element("span", "hint", `${day(one.began)}，用时 ${one.seconds} 秒`));
    }
    card.append(foot);
    return card;
  }

  /** The checks of an audit, each with its result and count. */
  checks(checks) {
    const several = new Set(checks.map((one) => one.file)).size > 1;
    const table = element("table", "checks");
    table.append(...checks.map((one) => {
      const row = element("tr");
      const mark = { 通过: "✓", 不通过: "✗", 不适用: "－" }[one.result];
      const number = one.count ? `${one.count} 处` : "";
      const kind = { 通过: "good", 不通过: "bad" }[one.result] ?? "";
      const said = element("td", "", [several && one.file, number, one.note].filter(Boolean).join("　"));
      row.append(element("td", "", one.id), element("td", "", one.name), element("td", kind, `${mark} ${one.result}`), said);
      return row;
    }));
    return table;
  }

  /** What can be done with an output: a folder or document is opened, of anything else the folder where it lies. */
  links(name) {
    const open = (words, path) => button("", words, () => attempt(() => ask(`open?path=${encodeURIComponent(path)}`, {})));
    if (!name.includes(".")) return [open(`打开 ${name}`, `out/${name}`)];
    const link = element("a", "", "另存一份");
    link.href = `file?path=${encodeURIComponent(`out/${name}`)}`;
    link.download = name;
    return [this.about.opened.some((ending) => name.toLowerCase().endsWith(ending)) ? open(`打开 ${name}`, `out/${name}`) : open(`${name} 所在的文件夹`, "out"), link];
  }

  clock(one) {
    const clock = element("span", "hint clock");
    clock.dataset.began = one.began;
    clock.textContent = `已用 ${Math.max(0, Math.round(Date.now() / 1000 - one.began))} 秒`;
    return clock;
  }

  tick() {
    if (document.body.classList.contains("gone")) return; // nothing goes on without the program
    for (const clock of document.querySelectorAll(".clock")) {
      clock.textContent = `已用 ${Math.max(0, Math.round(Date.now() / 1000 - clock.dataset.began))} 秒`;
    }
  }

  /** Lets the person choose whose findings are listed: the spreadsheet's, a job's, or a version's. */
  offerSources() {
    const done = (this.jobs ?? []).filter((one) => one.state === "完成" && !one.live).toReversed();
    const versions = (this.city?.seen?.versions ?? []).toReversed();
    const wanted = [
      ...(this.about.live ? [["0", "正在填的表"]] : []),
      ...done.map((one) => [String(one.id), `${one.label}的结果：${one.what}（${day(one.began)}）`]),
      ...versions.map((one) => [`v${one.version}`, `全市汇总第 ${one.version} 版（${day(Date.parse(one.at) / 1000)}）`]),
    ];
    options($("source"), wanted);
    $("source").hidden = wanted.length < 2;
    $("source").value = this.source;
  }

  /** The code of the county that a finding's file is from, '' where that is not known. */
  codeOf(one) {
    return this.city.seen?.board?.find((county) => county.file === one.file)?.code ?? "";
  }

  /** Lists the findings of one county of the last version. */
  async only(county) {
    await this.show(`v${this.city.seen.version}`);
    $("county").value = county;
    this.list.narrowed();
    $("findings").scrollIntoView();
    $("list").focus({ preventScroll: true });
  }

  /** Opens the file of a finding, and says where to go in it. */
  openFinding(one) {
    return attempt(async () => {
      const name = (one.file ?? "").split("/").at(-1);
      const files = await ask(`choices?ending=${encodeURIComponent(".xlsx")}`);
      const found = files.find((file) => file.path.startsWith("in/") && file.name.split("/").at(-1) === name) ?? files.find((file) => file.name.split("/").at(-1) === name);
      if (!found) throw new Error(one.file ? `没有找到“${name}”。它可能已经移走。` : "这一条说的是全市，没有要打开的文件。");
      const place = one.sheet && one.cell ? { sheet: one.sheet, cell: one.cell } : {};
      await ask(`open?path=${encodeURIComponent(found.path)}`, place);
      $("target").textContent = one.sheet ? `已打开“${name}”：《${one.sheet}》${one.cell ?? ""}。` : `已打开“${name}”。`;
    });
  }

  async look(id) {
    await this.show(id);
    $("findings").scrollIntoView();
    $("list").focus({ preventScroll: true });
  }

  /** Lists the findings of a job, of a version ("v3"), or the spreadsheet's with "0". */
  show(id) {
    $("list").ariaBusy = "true";
    return attempt(async () => {
      const findings = id === "0" ? null : await ask(id.startsWith("v") ? `version/${id.slice(1)}` : `found/${id}`);
      this.source = id;
      $("source").value = id;
      const job = this.jobs?.find((one) => String(one.id) === id);
      this.list.instead(findings, job && `${clockTime(job.began)} ${job.label}的结果${this.about.live ? "（不随填表变化）" : ""}`);
    }).finally(() => ($("list").ariaBusy = "false"));
  }
}
