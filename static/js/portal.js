// Small enhancements. Every decision in the portal works without this file.
(() => {
  "use strict";

  const say = (text) => {
    const live = document.getElementById("portal-live");
    if (live) live.textContent = text;
  };

  // Copy buttons are hidden until there is a script that makes them work.
  const showCopyButtons = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return;
    }
    const label = button.querySelector(".portal-copy__text");
    if (!label || button.dataset.busy) return;
    const before = label.textContent;
    button.dataset.busy = "1";
    label.textContent = button.dataset.copied;
    say(`${button.dataset.copied}: ${button.dataset.copy}`);
    setTimeout(() => {
      label.textContent = before;
      delete button.dataset.busy;
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const toggle = event.target.closest("[data-nav-toggle]");
    if (toggle) {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      toggle.setAttribute("aria-expanded", String(open));
      toggle.closest("[data-nav]").classList.toggle("portal-nav--open", open);
    }
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // The navigation is a plain list; only a script that can open it may fold it away.
  for (const nav of document.querySelectorAll("[data-nav]")) {
    nav.classList.add("portal-nav--foldable");
    nav.querySelector("[data-nav-toggle]").hidden = false;
  }

  // A form pressed twice is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-allow-resubmit")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });

  // What a QR code put into the address was for this page alone: it is not left to be copied on, or in the history.
  if (location.search && document.querySelector("[data-plain-address]")) {
    history.replaceState(null, "", location.pathname);
  }

  // A passkey that was not used: said on the page instead of in the console alone.
  document.addEventListener("allauth.error", (event) => {
    const told = document.querySelector("[data-passkey-error]");
    if (!told) return;
    event.preventDefault();
    told.hidden = false;
  });

  for (const summary of document.querySelectorAll("[data-focus-on-load]")) summary.focus();
  showCopyButtons(document);
  document.addEventListener("htmx:afterSwap", (event) => showCopyButtons(event.target));
})();
