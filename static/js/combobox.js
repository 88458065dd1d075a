// Turns <select data-combobox> into a list that one filters by typing (ARIA combobox with list autocomplete).
// The select stays in the form and keeps the value; without this file it is an ordinary select.
(() => {
  "use strict";

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

  class Combobox {
    constructor(select) {
      this.select = select;
      this.options = [...select.options].filter((option) => !option.disabled);
      this.active = -1;
      this.build();
      this.input.addEventListener("input", () => this.open(this.input.value));
      this.input.addEventListener("click", () => this.open(""));
      this.input.addEventListener("keydown", (event) => this.onKey(event));
      this.input.addEventListener("blur", () => this.settle());
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const item = event.target.closest("[data-index]");
        if (item) this.choose(this.options[Number(item.dataset.index)]);
      });
    }

    build() {
      const { select } = this;
      const id = select.id || select.name;
      const box = document.createElement("div");
      box.className = "portal-combo";
      this.input = document.createElement("input");
      for (const name of ["aria-describedby", "aria-invalid"]) {
        if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
      }
      this.input.className = "usa-input portal-combo__input";
      if (select.classList.contains("usa-input--error")) this.input.classList.add("usa-input--error");
      Object.assign(this.input, { type: "text", autocomplete: "off", disabled: select.disabled });
      this.list = document.createElement("ul");
      Object.assign(this.list, { className: "portal-combo__list", id: `${id}-list`, hidden: true });
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", select.dataset.comboboxList);
      for (const [name, value] of Object.entries({
        role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
      })) this.input.setAttribute(name, value);
      select.id = `${id}-select`;
      this.input.id = id; // the label and the links of the error summary now lead here
      select.hidden = true;
      select.before(box);
      box.append(this.input, this.list, select);
      this.showChoice();
    }

    showChoice() {
      const chosen = this.select.selectedOptions[0];
      this.input.value = chosen && chosen.value ? chosen.text.trim() : "";
      this.input.placeholder = chosen && !chosen.value ? chosen.text.trim() : "";
    }

    open(typed) {
      const wanted = plain(typed).split(/\s+/);
      this.active = -1;
      const matches = this.options.filter((option) => {
        const text = plain(option.text);
        return option.value && wanted.every((word) => text.includes(word));
      });
      this.list.replaceChildren(...matches.map((option) => {
        const item = document.createElement("li");
        const index = this.options.indexOf(option);
        Object.assign(item, { className: "portal-combo__option", id: `${this.list.id}-${index}`, textContent: option.text });
        item.dataset.index = String(index);
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(option.selected));
        return item;
      }));
      if (!matches.length) {
        const none = document.createElement("li");
        Object.assign(none, { className: "portal-combo__none", textContent: this.select.dataset.comboboxNone });
        none.setAttribute("role", "option");
        none.setAttribute("aria-disabled", "true");
        none.setAttribute("aria-selected", "false");
        this.list.append(none);
      }
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      const live = document.getElementById("portal-live");
      if (live) live.textContent = (this.select.dataset.comboboxCount || "").replace("{count}", String(matches.length));
    }

    close() {
      this.list.hidden = true;
      this.active = -1;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    move(step) {
      if (this.list.hidden) this.open("");
      const items = [...this.list.querySelectorAll("[data-index]")];
      if (!items.length) return;
      items[this.active]?.classList.remove("portal-combo__option--active");
      this.active = (this.active + step + items.length + (this.active < 0 && step < 0 ? 1 : 0)) % items.length;
      const item = items[this.active];
      item.classList.add("portal-combo__option--active");
      item.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", item.id);
    }

    choose(option) {
      const changed = this.select.value !== option.value;
      this.select.value = option.value;
      this.showChoice();
      this.close();
      if (changed) this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    settle() {
      const typed = plain(this.input.value);
      const match = this.options.find((option) => plain(option.value ? option.text : "") === typed);
      if (match) this.choose(match);
      else {
        this.showChoice();
        this.close();
      }
    }

    onKey(event) {
      if (event.key === "ArrowDown") this.move(1);
      else if (event.key === "ArrowUp") this.move(-1);
      else if (event.key === "Escape" && !this.list.hidden) {
        this.showChoice();
        this.close();
      } else if (event.key === "Enter" && !this.list.hidden && this.active >= 0) {
        this.choose(this.options[Number(this.list.querySelectorAll("[data-index]")[this.active].dataset.index)]);
      } else return;
      event.preventDefault();
    }
  }

  const enhance = (root) => {
    for (const select of root.querySelectorAll("select[data-combobox]:not([data-combobox-ready])")) {
      if (select.options.length < 2 || select.multiple) continue;
      select.dataset.comboboxReady = "1";
      new Combobox(select);
    }
  };

  enhance(document);
  document.addEventListener("htmx:afterSwap", (event) => enhance(event.target));
})();
