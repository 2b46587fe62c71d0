// Coche chaque règle du mot de passe au fil de la frappe. Le serveur vérifie de toute façon.
const REGLES = {
    longueur: (texte) => texte.length >= 12,
    casse: (texte) => /\p{Lu}/u.test(texte) && /\p{Ll}/u.test(texte),
    chiffre: (texte) => /\p{Nd}/u.test(texte),
    special: (texte) => /[^\p{L}\p{N}\s]/u.test(texte),
};

for (const bloc of document.querySelectorAll("[data-sas-mot-de-passe]")) {
    const champ = bloc.querySelector("input:not([type=checkbox])");
    const bilan = bloc.querySelector("[data-sas-bilan]");
    champ.addEventListener("input", () => {
        let manques = 0;
        for (const ligne of bloc.querySelectorAll("[data-regle]")) {
            const tenue = REGLES[ligne.dataset.regle](champ.value);
            ligne.classList.toggle("fr-message--valid", tenue);
            ligne.classList.toggle("fr-message--info", !tenue);
            manques += tenue ? 0 : 1;
        }
        bilan.textContent = manques ? `${manques} règle${manques > 1 ? "s" : ""} à respecter.` : "Toutes les règles sont respectées.";
    });
}
