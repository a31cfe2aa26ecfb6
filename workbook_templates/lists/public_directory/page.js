"use strict";
// Hides the rows that do not fit what is asked for; without it the whole directory shows.
const byId = (id) => document.getElementById(id);
const fold = (text) => text.normalize("NFKC").toLowerCase();
const heads = [...document.querySelectorAll("th")].map((head) => head.textContent);
const rows = [...document.querySelectorAll("tbody tr")].map((row) => {
  const cells = [...row.cells].map((cell) => cell.textContent);
  const at = heads.indexOf("绩效等级");
  const grade = cells[at].split("（")[0];
  return { row, text: fold(cells.filter((_, place) => place && place !== at).join("\n")), county: cells[heads.indexOf("区县")], grade, rank: fold(grade) };
});

function offer(select, values) {
  for (const value of new Set(values)) if (value) select.append(new Option(value, value));
}

function show() {
  const words = fold(byId("words").value).split(/\s+/).filter(Boolean);
  const county = byId("county").value;
  const grade = byId("grade").value;
  let number = 0;
  for (const one of rows) {
    const fits = (!county || one.county === county) && (!grade || one.grade === grade) && words.every((word) => one.text.includes(word) || one.rank.startsWith(word)); // 引领 is not 非引领性
    if (one.row.hidden === fits) one.row.hidden = !fits;
    if (fits) number += 1;
  }
  const all = `共 ${rows.length} 个厂区`;
  byId("shown").textContent = number === rows.length ? `${all}。` : number ? `${all}，符合的有 ${number} 个。` : `${all}，没有符合的。请换一个词，或按“清除”。`;
}

offer(byId("county"), rows.map((one) => one.county));
offer(byId("grade"), rows.map((one) => one.grade).sort());
byId("tools").addEventListener("input", show);
byId("tools").addEventListener("reset", () => setTimeout(() => { show(); byId("words").focus(); }));
byId("tools").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("words").focus();
  }
});
byId("tools").hidden = false;
show();
