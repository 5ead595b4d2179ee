/** Requests to the workshop, and the stream that says how its jobs stand. */

const RETRY_MS = 1000;
export const FINAL = ["done", "failed", "cancelled", "lost"];

/** Ask the workshop; an error has its reason in one line. */
export async function ask(path, { method = "GET", body, file } = {}) {
  const headers = method === "GET" ? {} : { "X-Distill": "1", "Content-Type": file ? "application/octet-stream" : "application/json" };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: file ?? (body ? JSON.stringify(body) : undefined) });
  } catch {
    throw new Error("the workshop does not answer: is distill ui running?");
  }
  const found = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Error(found.error ?? `the workshop answered ${answer.status}`);
  return found;
}

/** Return a path with its names encoded: `at("/api/models", "birds")`. */
export function at(...parts) {
  return parts.map((part, index) => (index ? encodeURIComponent(part) : part)).join("/");
}

/** All jobs as they stand, their curves whole, kept up to date. */
export class Jobs {
  all = new Map();
  connected = false;
  #first;
  known = new Promise((resolve) => (this.#first = resolve)); // resolves once all jobs of before are here
  #watchers = [];
  #states = [];
  #ends = new Map();

  /** Call `show(changed)` with the jobs that have changed, whenever some have. */
  watch(show) {
    this.#watchers.push(show);
  }

  /** Call `show(connected)` when the workshop is lost or there again. */
  onState(show) {
    this.#states.push(show);
  }

  /** Order a job; return the names of those that were queued. */
  async order(kind, body) {
    return (await ask(at("/api/jobs", kind), { method: "POST", body })).jobs;
  }

  /** Return a job once it has ended. */
  ended(id) {
    const job = this.all.get(id);
    if (job && FINAL.includes(job.state)) return Promise.resolve(job);
    return new Promise((resolve) => this.#ends.set(id, resolve));
  }

  /** Return the newest job that `wanted(job)` accepts. */
  latest(wanted) {
    return [...this.all.values()].filter(wanted).sort((a, b) => b.id.localeCompare(a.id))[0];
  }

  /** Listen, and go on listening. */
  open() {
    const stream = new EventSource("/api/jobs/events");
    stream.onopen = () => this.#say(true);
    stream.onmessage = (event) => this.#take(JSON.parse(event.data));
    stream.onerror = () => {
      stream.close(); // its own retries stop for good after some errors
      this.#say(false);
      setTimeout(() => this.open(), RETRY_MS);
    };
  }

  #say(connected) {
    this.connected = connected;
    this.#states.forEach((show) => show(connected));
  }

  #take(news) {
    for (const job of news) {
      if (job.state === "gone") {
        this.all.delete(job.id);
        continue;
      }
      const known = this.all.get(job.id);
      if (known && !job.reset) {
        job.curve = [...known.curve, ...job.curve];
        const last = known.validated.at(-1)?.[0] ?? -1;
        job.validated = [...known.validated, ...job.validated.filter(([step]) => step > last)];
      }
      this.all.set(job.id, job);
      if (FINAL.includes(job.state) && this.#ends.has(job.id)) {
        this.#ends.get(job.id)(job);
        this.#ends.delete(job.id);
      }
    }
    this.#watchers.forEach((show) => show(news));
    this.#first();
  }
}
