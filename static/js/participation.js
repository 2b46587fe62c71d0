// Paramètres de participation : ne montre que les questions qui se posent. Sans ce script, toutes se voient,
// et le serveur ne lit que celles qui comptent.
const DELAI_MS = 200;

// « a b|c » : (a et b) ou c ; « nom » : case cochée ; « !nom » : décochée ; « nom=valeur », « nom!=valeur ».
function estVrai(formulaire, condition) {
    const [, non, nom, operateur, valeur] = condition.match(/^(!?)(\w+)(!?=)?(\w+)?$/);
    const champ = formulaire.elements[nom];
    if (operateur) {
        return (champ.value === valeur) === (operateur === "=");
    }
    return champ.checked !== (non === "!");
}

function ajuster(formulaire) {
    for (const bloc of formulaire.querySelectorAll("[data-sas-si]")) {
        const cas = bloc.dataset.sasSi.split("|");
        bloc.hidden = !cas.some((toutes) => toutes.split(" ").every((une) => estVrai(formulaire, une)));
    }
}

// Les suggestions viennent en POST : ce qui est tapé n’apparaît pas dans une adresse.
function suggerer(formulaire, champ) {
    const liste = document.createElement("datalist");
    liste.id = `${champ.id}-suggestions`;
    champ.after(liste);
    champ.setAttribute("list", liste.id);
    let attente = 0;
    champ.addEventListener("input", () => {
        clearTimeout(attente);
        attente = setTimeout(async () => {
            const corps = new FormData();
            corps.append("csrfmiddlewaretoken", formulaire.elements.csrfmiddlewaretoken.value);
            corps.append("type", champ.dataset.sasStructure);
            corps.append("texte", champ.value);
            const reponse = await fetch(formulaire.dataset.urlSuggestions, { method: "POST", body: corps, redirect: "manual" });
            if (reponse.ok) {
                liste.innerHTML = await reponse.text();
            }
        }, DELAI_MS);
    });
}

for (const formulaire of document.querySelectorAll("[data-sas-participation]")) {
    formulaire.addEventListener("change", () => ajuster(formulaire));
    formulaire.querySelectorAll("[data-sas-structure]").forEach((champ) => suggerer(formulaire, champ));
    ajuster(formulaire);
}
