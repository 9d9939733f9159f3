// Load the page again every ten seconds and replace its content, but not while a form is in use. If the server does not
// answer, hide the content and show the note "putus": what was shown last may be wrong by now.
(() => {
  const everyMs = 10_000, timeoutMs = 8_000;
  const main = document.querySelector("main"), label = document.getElementById("live"), note = document.getElementById("putus");

  const isChanged = (select) => !select.options[select.selectedIndex]?.defaultSelected;
  const isFormInUse = () => document.activeElement?.closest("main form") || [...main.querySelectorAll("select")].some(isChanged);

  function show(state) {
    label.textContent = label.dataset[state];
    note.hidden = state !== "off";
    main.hidden = state === "off";
    document.documentElement.toggleAttribute("data-stale", state === "off");
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname, { signal: AbortSignal.timeout(timeoutMs) });
      if (answer.status === 401 || answer.status === 403) return location.reload(); // the page then says how to sign in
      if (!answer.ok) return show("off");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (isFormInUse()) return show("held");
      htmx.swap({ text: page.querySelector("main").innerHTML, target: main, sourceElement: main, swap: "innerMorph" });
      show("on");
    } catch {
      show("off");
    }
  }

  label.hidden = false;
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, everyMs);
})();
