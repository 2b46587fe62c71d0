// Le bouton n’a de sens qu’avec JavaScript ; sans lui, le navigateur imprime par son menu.
for (const bouton of document.querySelectorAll("[data-sas-imprimer]")) {
    bouton.hidden = false;
    bouton.addEventListener("click", () => window.print());
}
