/** Corpora: their list, the files of one with verdicts, dropping files in, listening, leaving out. */

import { button, h } from "/ui/dom.js";
import { ask, at } from "./api.js";
import { clock, field, input, list, listen, question, refill, thumbnail } from "./parts.js";

const AT_ONCE = 3; // uploads beside each other
const FILE_LIMIT = 500;
const FILE_BYTES = 2 ** 31;
const VERDICTS = { ok: "ok", warning: "warning", skipped: "skipped", unread: "not checked yet" };
const SORTS = {
  name: (a, b) => a.name.localeCompare(b.name), length: (a, b) => b.duration - a.duration,
  level: (a, b) => b.rms_db - a.rms_db, verdict: (a, b) => Object.keys(VERDICTS).indexOf(b.verdict) - Object.keys(VERDICTS).indexOf(a.verdict),
};

/** Build both cards; `onChoose(name)` is called with the corpus that is shown. */
export function buildCorpora(shared, side, middle, onChoose) {
  const state = { rows: [], chosen: "", report: null, checking: "" };
  const names = h("ul", { className: "names" });
  const asked = h("div");
  const creator = makeCreator(shared, async (name) => {
    await load();
    choose(name);
  });
  side.replaceChildren(h("div", { className: "head" }, h("h2", {}, "Corpora")), names, creator, asked);

  const files = new Files(shared, middle, {
    corpus: () => state.rows.find((row) => row.name === state.chosen),
    refresh: async () => {
      await load();
      check();
    },
    check: () => check(),
    drop: async (dropped) => {
      if (!state.chosen) return shared.say("Make a corpus first: give it a name, then drop the files again.", "warning");
      await upload(shared, state.chosen, dropped, files.telling);
      await load();
      check();
    },
  });

  files.show(null);
  const draw = () => {
    const entries = state.rows.map((row) => {
      const pick = button("", () => choose(row.name), { className: "name", "aria-pressed": row.name === state.chosen, title: row.name });
      pick.append(h("span", {}, row.name), h("small", {}, row.here ? String(row.files.length) : "not here"));
      const away = button("✕", () => forget(row), { className: "small", "aria-label": `Remove the corpus ${row.name}` });
      return h("li", {}, pick, away);
    });
    names.replaceChildren(...(entries.length ? entries : [h("li", { className: "hint" }, "None yet. A corpus is a folder of your sounds: give one a name.")]));
  };
  const forget = (row) => {
    const text = row.own ? `Delete ${row.name} and its ${row.files.length} files from this machine?` : `Forget ${row.name}? Its folder ${row.folder} stays as it is.`;
    const act = async () => {
      await ask(at("/api/corpora", row.name), { method: "DELETE", body: {} }).catch(shared.fail);
      if (state.chosen === row.name) choose("");
      load();
    };
    question(asked, text, [["Keep", null], [row.own ? "Delete" : "Forget", act]]);
  };
  const load = async () => {
    state.rows = await ask("/api/corpora").catch((error) => (shared.fail(error), state.rows));
    if (!state.rows.some((row) => row.name === state.chosen)) state.chosen = "";
    draw();
    return state.rows;
  };
  const choose = (name) => {
    state.chosen = name;
    state.report = null;
    draw();
    onChoose(name);
    files.show(null);
    if (name) lately() || check();
  };
  /** Show the last check if it is one of the files that are there now. */
  const lately = () => {
    const job = shared.jobs.latest((one) => one.kind === "check" && one.about.corpus === state.chosen && ["done", "failed"].includes(one.state));
    if (!job) return false;
    take(job.id, true);
    return true;
  };
  const take = async (id, compare = false) => {
    const corpus = state.chosen;
    const report = await ask(at("/api/jobs", id, "result")).catch(() => null);
    const row = state.rows.find((one) => one.name === corpus);
    if (corpus !== state.chosen || !row) return;
    if (compare && (!report || JSON.stringify(report.files.map((file) => file.name)) !== JSON.stringify(row.files))) return check();
    state.report = report;
    files.show(report);
  };
  const check = async () => {
    if (!state.chosen) return;
    const corpus = state.chosen;
    files.show(state.report, true);
    try {
      const [id] = await shared.jobs.order("check", { corpus });
      state.checking = id;
      const job = await shared.jobs.ended(id);
      if (state.checking !== id || corpus !== state.chosen) return;
      state.checking = "";
      await take(id);
      if (job.state !== "done" && !state.report) shared.say(job.said, "warning");
    } catch (error) {
      shared.fail(error);
    }
  };
  shared.jobs.watch((news) => {
    const job = news.find((one) => one.id === state.checking);
    if (job?.progress.total) files.telling(`reading ${job.progress.done} of ${job.progress.total}`);
  });
  return { load, choose, chosen: () => state.chosen, rows: () => state.rows };
}

function makeCreator(shared, made) {
  const name = input("corpus", { type: "text", placeholder: "name", maxLength: 80, "aria-label": "Name of a new corpus" });
  const folder = input("folder", { type: "text", placeholder: "folder (optional)", title: "The path of a folder on this machine; left empty, you drop files", "aria-label": "Folder on this machine, or empty" });
  const form = h("form", { className: "creator" }, name, folder, h("button", { type: "submit" }, "New corpus"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { name: name.value.trim(), ...(folder.value.trim() ? { folder: folder.value.trim() } : {}) };
    try {
      await ask("/api/corpora", { method: "POST", body });
      name.value = folder.value = "";
      await made(body.name);
    } catch (error) {
      shared.fail(error);
    }
  });
  return form;
}

/** The files of one corpus. */
class Files {
  #rows = [];
  #checked = false;

  constructor(shared, root, act) {
    this.shared = shared;
    this.act = act;
    this.title = h("h2", {}, "Sounds");
    this.sum = h("span", { className: "muted" });
    this.status = h("span", { className: "active", role: "status" });
    this.remarks = h("ul", { className: "notes warning" });
    this.sort = list("sort", Object.keys(SORTS).map((name) => [name, name]), { "aria-label": "Order", title: "Order", onchange: () => this.#draw() });
    this.filter = list("filter", [["all", "all"]], { "aria-label": "Which files", onchange: () => this.#draw() });
    this.again = button("Check", () => act.check());
    this.body = h("ul", { className: "files" });
    const pick = h("input", { type: "file", multiple: true, hidden: true, accept: "audio/*,.wav,.flac,.aif,.aiff,.mp3,.ogg,.opus,.caf", onchange: () => (act.drop([...pick.files].map((file) => ({ file, path: file.name }))), (pick.value = "")) });
    this.invitation = h("p", {});
    this.pick = button("Choose files", () => pick.click());
    this.hint = h("div", { className: "dropping" }, this.invitation, this.pick, pick);
    root.replaceChildren(
      h("div", { className: "head wrap" }, this.title, this.sum, this.status, h("span", { className: "grow" }), this.sort, this.filter, this.again),
      this.remarks, h("div", { className: "list" }, this.body), this.hint,
    );
    this.telling = (text) => (this.status.textContent = text);
    root.addEventListener("dragover", (event) => (event.preventDefault(), root.classList.add("over")));
    root.addEventListener("dragleave", () => root.classList.remove("over"));
    root.addEventListener("drop", async (event) => {
      event.preventDefault();
      root.classList.remove("over");
      act.drop(await dropped(event.dataTransfer));
    });
  }

  /** Show a report; `checking` says that another is on its way. */
  show(report, checking = false) {
    const corpus = this.act.corpus();
    this.title.textContent = corpus ? corpus.name : "Sounds";
    this.hint.hidden = corpus ? !corpus.own : false;
    this.invitation.textContent = corpus ? "Drop sound files or a folder here" : "Make a corpus first: write its name on the left, then drop sounds here";
    this.pick.disabled = !corpus;
    const known = new Map((report?.files ?? []).map((file) => [file.name, file]));
    this.#rows = (corpus?.files ?? []).map((name) => known.get(name) ?? { name, verdict: "unread", reason: "", duration: 0, rate: 0, rms_db: -120 });
    this.#checked = Boolean(report);
    this.telling(checking ? "reading …" : "");
    const seconds = report ? ` usable, ${clock(report.seconds)}` : "";
    this.sum.textContent = corpus ? (report ? `${report.usable} of ${this.#rows.length}${seconds}` : `${this.#rows.length} files`) : "";
    this.remarks.replaceChildren(...(report?.remarks ?? []).map((text) => h("li", {}, text)));
    const counts = Object.keys(VERDICTS).map((verdict) => [verdict, this.#rows.filter((row) => row.verdict === verdict).length]);
    refill(this.filter, [["all", `all ${this.#rows.length}`], ...counts.filter(([, count]) => count).map(([verdict, count]) => [verdict, `${VERDICTS[verdict]} ${count}`])]);
    for (const element of [this.again, this.sort, this.filter]) element.hidden = !corpus;
    this.#draw();
  }

  #draw() {
    const wanted = this.#rows.filter((row) => this.filter.value === "all" || row.verdict === this.filter.value).sort(SORTS[this.sort.value]);
    const corpus = this.act.corpus();
    this.body.replaceChildren(...wanted.map((row) => this.#row(corpus, row)));
  }

  #row(corpus, row) {
    const url = (what) => `${at("/api/corpora", corpus.name, what)}?file=${encodeURIComponent(row.name)}`;
    const left = row.reason === "left out in corpus.toml";
    const sound = row.rate || left;
    const facts = row.rate ? `${row.duration.toFixed(1)} s · ${(row.rate / 1000).toFixed(row.rate % 1000 ? 1 : 0)} kHz · ${row.channels === 1 ? "mono" : row.channels === 2 ? "stereo" : `${row.channels} ch`} · ${Math.round(row.rms_db).toString().replace("-", "−")} dB`.replaceAll(" ", "\u00a0").replaceAll("\u00a0·\u00a0", " · ") : ""; // a figure stays with its unit
    const use = button(left ? "Use" : "Leave out", () => this.#leave(corpus, row, !left), { "aria-label": `${left ? "Use" : "Leave out"} ${row.name}` });
    const asked = h("div");
    const away = button("✕", () => question(asked, `Delete ${row.name} from this corpus? The file is removed from Distill's folder.`, [["Keep", null], ["Delete", () => this.#remove(corpus, row)]]), { className: "small", "aria-label": `Delete ${row.name}` });
    const verdict = h("small", { className: "verdict" }, h("b", {}, VERDICTS[row.verdict]), [row.reason && `: ${row.reason}`, facts && ` · ${facts}`].filter(Boolean).join(""));
    return h(
      "li", { className: `file ${row.verdict}`, "data-file": row.name },
      sound ? thumbnail(url("outline")) : h("canvas", { className: "thumbnail", "aria-hidden": "true" }),
      h("span", { className: "what" }, h("b", {}, row.name), verdict),
      sound ? listen(url("audio"), row.name) : h("span", {}), sound ? use : h("span", {}), corpus.own ? away : h("span", {}), asked,
    );
  }

  async #leave(corpus, row, out) {
    await ask(at("/api/corpora", corpus.name, "left-out"), { method: "POST", body: { file: row.name, out } }).catch(this.shared.fail);
    this.act.check();
  }

  async #remove(corpus, row) {
    await ask(at("/api/corpora", corpus.name, "files", row.name), { method: "DELETE", body: {} }).catch(this.shared.fail);
    this.act.refresh();
  }
}

/** Return [{file, path}] of what was dropped, folders included. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) return found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: path + entry.name });
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const inner of some) if (!inner.name.startsWith(".")) await walk(inner, `${path}${entry.name}/`);
    }
  };
  for (const entry of entries) await walk(entry, "");
  return found.map(({ file, path }) => ({ file, path: entries.length === 1 && entries[0].isDirectory ? path.replace(/^[^/]*\//, "") : path }));
}

/** Send files into a corpus, some beside each other; each that is refused is named with its reason. */
async function upload(shared, corpus, given, tell) {
  if (given.length > FILE_LIMIT) shared.say(`${given.length} files: at most ${FILE_LIMIT} fit into a corpus here; the first ${FILE_LIMIT} are sent. Name a folder of this machine for more.`, "warning");
  const waiting = given.slice(0, FILE_LIMIT);
  const all = waiting.length;
  const refused = [];
  let done = 0;
  const worker = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      try {
        if (one.file.size > FILE_BYTES) throw new Error("larger than 2 GB");
        await ask(at("/api/corpora", corpus, "files", one.path), { method: "PUT", file: one.file });
      } catch (error) {
        refused.push(`${one.path}: ${error.message}`);
      }
      tell(`${(done += 1)} of ${all} received`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const text of refused) shared.say(text, "error");
  if (refused.length > 1) shared.say(`${refused.length} of ${all} files were not taken: see Messages for each reason.`, "error");
}
