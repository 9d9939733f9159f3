// A page of which nothing more is heard shows what is unknown instead (the template), and goes on asking.
// Its times are those of the last message. What was kept comes back with the next sign of life.
(() => {
  const silence = 12_000, again = 5_000;
  const main = document.querySelector("main"), label = document.getElementById("live");
  let heard = Date.now(), asked = 0, kept = null, connection = null, known = places(main);

  function places(root) {
    return root.querySelectorAll(".tile:not([data-state=belum]), .opd, .post").length;
  }

  const put = (text) => htmx.swap({ text, target: main, sourceElement: main, swap: "innerMorph" });

  function say(on) {
    document.documentElement.toggleAttribute("data-stale", !on);
    label.textContent = on ? label.dataset.on : label.dataset.off;
  }

  function cut() {
    if (kept !== null) return;
    const unknown = document.getElementById("putus").cloneNode(true);
    const since = main.querySelector("time").textContent;
    for (const place of unknown.content.querySelectorAll("[data-since]")) place.textContent = since;
    kept = main.innerHTML;
    put(unknown.innerHTML);
    say(false);
  }

  // What joined after the page was opened is unknown, not absent, when the line is cut: the template is asked for anew.
  async function learn() {
    const there = places(main);
    if (there === known) return;
    known = there;
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    document.getElementById("putus").replaceWith(page.getElementById("putus"));
  }

  function hear(event) {
    heard = Date.now();
    if (event.type !== "beat") setTimeout(() => learn().catch(() => { known = -1; }));
    if (kept === null) return;
    if (event.type === "beat") put(kept);
    kept = null;
    say(true);
  }

  function look() {
    const now = Date.now();
    if (document.hidden || now - heard < silence) return;
    cut();
    if (now - asked < again) return;
    asked = now;
    if (connection?.reader) connection.reader.cancel();
    else htmx.trigger(main, "again");
  }

  // A list that somebody points at or is in keeps its order: what is new comes last.
  function hold(event) {
    for (const list of main.querySelectorAll("[data-hold]:is(:hover, :focus-within)")) {
      const ids = [...list.children].map((item) => item.id);
      const place = (item) => (ids.includes(item.id) ? ids.indexOf(item.id) : ids.length);
      for (const task of event.detail.tasks) {
        const fresh = task.fragment?.querySelector(`#${list.id}`);
        fresh?.append(...[...fresh.children].sort((one, two) => place(one) - place(two)));
      }
    }
  }

  for (const sign of ["htmx:sse:after:message", "beat"]) main.addEventListener(sign, hear);
  main.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; });
  main.addEventListener("htmx:before:swap", hold);
  document.addEventListener("visibilitychange", look);
  setInterval(look, 1_000);
})();
