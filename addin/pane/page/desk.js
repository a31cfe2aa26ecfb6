// Files, buttons, and what became of the jobs.
import { $, ask, attempt, button, element } from "./base.js";

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1 << 20 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);
const two = (number) => String(number).padStart(2, "0");

function day(seconds) {
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(seconds)}`;
}

function clockTime(seconds) {
  const at = new Date(seconds * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

export class Desk {
  constructor(about, list) {
    this.about = about;
    this.list = list;
    this.folder = "in";
    this.entries = [];
    this.choosable = []; // their paths
    this.chosen = new Set();
    this.jobs = null; // as the server last said
    this.source = 0; // id of the job whose findings are listed, 0 for the spreadsheet's
    this.work = null; // that the dialog asks about
    document.body.classList.toggle("with-desk", about.inbox !== null);
    $("desk").hidden = about.inbox === null;
    $("folders").hidden = about.inbox === null;
    for (const one of about.works) {
      const made = button("", one.label, () => this.press(one));
      made.title = one.about;
      $("works").append(made);
    }
    $("ask-no").addEventListener("click", () => $("ask").close());
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start(this.work, $("ask-yes").dataset.overwrite === "yes");
    });
    $("out").addEventListener("input", () => this.overwriting(""));
    $("source").addEventListener("change", () => this.show(Number($("source").value)));
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
      });
      this.showCalendar();
      this.enter("in");
    }
    setInterval(() => this.tick(), 1000);
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
      $("duties").replaceChildren(...duties.map((one) => {
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
    $("files").replaceChildren(...this.entries.map((one) => this.fileRow(one)));
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

  get files() {
    if (this.about.inbox === null) return [];
    return this.chosen.size ? [...this.chosen] : [this.folder];
  }

  press(work) {
    this.work = work;
    $("out").value = work.out;
    $("against").checked = false;
    if (!work.out && !work.against) {
      attempt(() => this.send(work, false));
      return;
    }
    $("ask-title").textContent = work.label;
    $("ask-about").textContent = work.out ? `${work.about}结果写到收件文件夹旁边的“${this.about.results}”文件夹。` : work.about;
    $("ask-out").hidden = !work.out;
    $("ask-against").hidden = !work.against;
    $("ask-against").lastChild.textContent = work.against;
    this.overwriting("");
    $("ask").showModal();
    $("ask-yes").focus();
  }

  /** Says what stands against the start; an output that exists can be overwritten by pressing once more. */
  overwriting(problem, exists = false) {
    $("ask-problem").textContent = problem;
    $("ask-yes").textContent = exists ? "覆盖" : "开始";
    $("ask-yes").dataset.overwrite = exists ? "yes" : "";
  }

  async start(work, overwrite) {
    try {
      await this.send(work, overwrite);
      $("ask").close();
    } catch (error) {
      const exists = error.content?.exists;
      this.overwriting(exists ? `“${exists}”已经有了。要用新的覆盖它，请按“覆盖”；要保留它，请换一个名称。` : error.message, exists);
    }
  }

  send(work, overwrite) {
    const given = { work: work.id, files: this.files, out: $("out").value, overwrite, against: $("against").checked };
    return ask("press", given);
  }

  showJobs(jobs) {
    const before = new Map((this.jobs ?? jobs).map((one) => [one.id, one.state]));
    this.jobs = jobs;
    $("jobs").replaceChildren(...jobs.toReversed().map((one) => this.card(one)));
    const ended = jobs.filter((one) => one.state !== "运行中" && before.get(one.id) !== one.state);
    if (ended.length && this.about.inbox !== null) this.enter(this.folder);
    const done = ended.findLast((one) => one.state === "完成");
    this.offerSources();
    if (done) this.show(done.live ? 0 : done.id);
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
      if (one.out) foot.append(...this.links(one.out));
      if (one.state === "完成" && one.findings) foot.append(button("plain", `看问题（${one.findings}）`, () => this.look(one.id)));
      foot.append(element("span", "hint", `用时 ${one.seconds} 秒`));
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

  links(name) {
    const path = encodeURIComponent(`out/${name}`);
    const open = button("", `打开 ${name}`, () => attempt(() => ask(`open?path=${path}`, {})));
    if (!name.includes(".")) return [open];
    const link = element("a", "", "另存一份");
    link.href = `file?path=${path}`;
    link.download = name;
    return [open, link];
  }

  clock(one) {
    const clock = element("span", "hint clock");
    clock.dataset.began = one.began;
    clock.textContent = `已用 ${Math.max(0, Math.round(Date.now() / 1000 - one.began))} 秒`;
    return clock;
  }

  tick() {
    for (const clock of document.querySelectorAll(".clock")) {
      clock.textContent = `已用 ${Math.max(0, Math.round(Date.now() / 1000 - clock.dataset.began))} 秒`;
    }
  }

  /** Lets the person choose whose findings are listed. */
  offerSources() {
    const done = this.jobs.filter((one) => one.state === "完成" && !one.live).toReversed();
    const wanted = [...(this.about.live ? [[0, "正在填的表"]] : []), ...done.map((one) => [one.id, `${one.label}的结果：${one.what}`])];
    $("source").replaceChildren(...wanted.map(([id, text]) => {
      const option = element("option", "", text);
      option.value = id;
      return option;
    }));
    $("source").hidden = wanted.length < 2;
    $("source").value = this.source;
  }

  async look(id) {
    await this.show(id);
    $("findings").scrollIntoView();
    $("list").focus({ preventScroll: true });
  }

  /** Lists the findings of a job, or the spreadsheet's with 0. */
  show(id) {
    return attempt(async () => {
      const findings = id ? await ask(`found/${id}`) : null;
      this.source = id;
      $("source").value = id;
      const job = this.jobs?.find((one) => one.id === id);
      this.list.instead(findings, job && `${clockTime(job.began)} ${job.label}的结果${this.about.live ? "（不随填表变化）" : ""}`);
    });
  }
}
