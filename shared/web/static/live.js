// When no message has arrived for a while, replace the page's content by the template "putus" (state unknown), with the
// time of the last message, and keep reconnecting. The next heartbeat restores the content.
(() => {
  const silenceMs = 12_000, retryMs = 5_000;
  const main = document.querySelector("main"), label = document.getElementById("live");
  let lastMessage = Date.now(), lastRetry = 0, savedContent = null, connection = null, itemCount = countItems(main);

  function countItems(root) {
    return root.querySelectorAll(".tile:not([data-state=belum]), .opd, .post").length;
  }

  const showContent = (text) => htmx.swap({ text, target: main, sourceElement: main, swap: "innerMorph" });

  function showConnected(connected) {
    document.documentElement.toggleAttribute("data-stale", !connected);
    label.textContent = connected ? label.dataset.on : label.dataset.off;
  }

  function showDisconnected() {
    if (savedContent !== null) return;
    const unknown = document.getElementById("putus").cloneNode(true);
    const since = main.querySelector("time").textContent;
    for (const element of unknown.content.querySelectorAll("[data-since]")) element.textContent = since;
    savedContent = main.innerHTML;
    showContent(unknown.innerHTML);
    showConnected(false);
  }

  // Items that were added after the page was opened must be shown as unknown, not left out, when the connection is lost.
  // So the template is fetched again whenever the number of items changes.
  async function refreshTemplate() {
    const count = countItems(main);
    if (count === itemCount) return;
    itemCount = count;
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    document.getElementById("putus").replaceWith(page.getElementById("putus"));
  }

  function onMessage(event) {
    lastMessage = Date.now();
    if (event.type !== "beat") setTimeout(() => refreshTemplate().catch(() => { itemCount = -1; }));
    if (savedContent === null) return;
    if (event.type === "beat") showContent(savedContent);
    savedContent = null;
    showConnected(true);
  }

  function checkConnection() {
    const now = Date.now();
    if (document.hidden || now - lastMessage < silenceMs) return;
    showDisconnected();
    if (now - lastRetry < retryMs) return;
    lastRetry = now;
    if (connection?.reader) connection.reader.cancel();
    else htmx.trigger(main, "again");
  }

  // A list under the pointer or with the focus keeps its order; new items are added at its end.
  function keepOrder(event) {
    for (const list of main.querySelectorAll("[data-hold]:is(:hover, :focus-within)")) {
      const ids = [...list.children].map((item) => item.id);
      const position = (item) => (ids.includes(item.id) ? ids.indexOf(item.id) : ids.length);
      for (const task of event.detail.tasks) {
        const newList = task.fragment?.querySelector(`#${list.id}`);
        newList?.append(...[...newList.children].sort((a, b) => position(a) - position(b)));
      }
    }
  }

  for (const type of ["htmx:sse:after:message", "beat"]) main.addEventListener(type, onMessage);
  main.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; });
  main.addEventListener("htmx:before:swap", keepOrder);
  document.addEventListener("visibilitychange", checkConnection);
  setInterval(checkConnection, 1_000);
})();
