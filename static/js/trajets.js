// Temps de trajet des cartes, demandés une fois la page affichée : ils s’ajoutent à la distance quand ils arrivent.
const ATTENTE_MS = 1200;
const ESSAIS = 3; // le service de l’État n’admet que quelques calculs par seconde

async function demander(url, essai) {
    const cartes = [...document.querySelectorAll("article[data-version]")];
    if (!cartes.length) {
        return;
    }
    const lieux = cartes.map((carte) => carte.id.replace("offre-", "")).join("~");
    const reponse = await fetch(`${url}?${new URLSearchParams({ lieux })}`, { redirect: "error" });
    if (reponse.status !== 200) {
        return;
    }
    const { trajets, a_preciser: aPreciser } = await reponse.json();
    for (const [ancre, texte] of Object.entries(trajets)) {
        ecrire(document.getElementById(ancre), texte);
    }
    if (aPreciser && essai < ESSAIS) {
        setTimeout(() => demander(url, essai + 1).catch(() => {}), ATTENTE_MS);
    }
}

function ecrire(carte, texte) {
    const adresse = carte?.querySelector(".sas-carte__adresse");
    if (!adresse) {
        return;
    }
    let trajet = adresse.querySelector(".sas-carte__trajet");
    if (!trajet) {
        trajet = document.createElement("span");
        trajet.className = "sas-carte__trajet";
        adresse.insertBefore(trajet, adresse.querySelector("a"));
        trajet.before(" ");
    }
    trajet.textContent = texte;
}

const bloc = document.querySelector("[data-sas-trajets]");
if (bloc) {
    // Un échec laisse la distance seule : rien à dire à la personne.
    demander(bloc.dataset.sasTrajets, 1).catch(() => {});
}
