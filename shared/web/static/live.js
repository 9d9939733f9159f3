// A live page says since when it is not live, and goes on asking. Its clock is that of the last message.
(() => {
  const silence = 12_000, again = 5_000;
  const main = document.querySelector("main"), stale = document.getElementById("stale");
  let heard = Date.now(), asked = 0;

  function show(isStale) {
    if (!stale.hidden === isStale) return;
    stale.querySelector("b").textContent = main.querySelector("time").textContent;
    stale.hidden = !isStale;
    document.documentElement.toggleAttribute("data-stale", isStale);
    const label = document.getElementById("live");
    label.textContent = isStale ? label.dataset.off : label.dataset.on;
  }

  function hear() {
    heard = Date.now();
    show(false);
  }

  for (const sign of ["htmx:sse:after:message", "beat"]) main.addEventListener(sign, hear);
  main.addEventListener("htmx:sse:error", () => show(true));

  setInterval(() => {
    const now = Date.now();
    if (document.hidden) heard = now;
    if (now - heard < silence) return;
    show(true);
    if (now - asked < again) return;
    asked = now;
    htmx.trigger(main, "again");
  }, 1_000);
})();
