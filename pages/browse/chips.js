// Filters to switch on and off, each with its count. Called again on each rerun. The choice is kept on the node and sent
// to Python as a whole with a running number, so that a count which changes between two clicks undoes neither click.
export default function ({ data, parentElement, setStateValue }) {
  let group = parentElement.querySelector(".chips");
  if (!group) {
    group = document.createElement("div");
    group.className = "chips";
    group.setAttribute("role", "group");
    group.turn = -1;
    parentElement.appendChild(group);
  }
  group.setAttribute("aria-label", data.label);
  if (data.turn >= group.turn) {
    group.turn = data.turn;
    group.chosen = new Set(data.chosen);
  } // else: an answer to an older click
  while (group.children.length > data.options.length) group.lastChild.remove();
  data.options.forEach((option, index) => {
    const button = group.children[index] ?? group.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = `${option.label} (${option.count.toLocaleString("en")})`;
    button.setAttribute("aria-pressed", group.chosen.has(option.name));
    button.onclick = () => {
      if (!group.chosen.delete(option.name)) group.chosen.add(option.name);
      group.turn += 1;
      button.setAttribute("aria-pressed", group.chosen.has(option.name));
      setStateValue("picked", { chosen: [...group.chosen], turn: group.turn });
    };
  });
}
