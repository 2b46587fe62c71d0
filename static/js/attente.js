// Une lecture est en cours : la liste se relit seule jusqu’à son résultat, sans toucher au formulaire.
// Sans JavaScript, le lien « Recharger la page » suffit.

const PAUSE_MS = 2000;
const ESSAIS_MAX = 30;

async function relire(reste) {
    const reponse = await fetch(window.location.href, { credentials: "same-origin" });
    if (!reponse.ok) {
        return;
    }
    const page = new DOMParser().parseFromString(await reponse.text(), "text/html");
    const attente = document.querySelector("[data-sas-attente]");
    document.getElementById("calendriers").replaceWith(page.getElementById("calendriers"));
    if (page.querySelector("[data-sas-attente]")) {
        programmer(reste - 1);
    } else {
        attente.textContent = "La lecture est finie.";
    }
}

function programmer(reste) {
    if (reste > 0) {
        setTimeout(() => relire(reste), PAUSE_MS);
    }
}

if (document.querySelector("[data-sas-attente]")) {
    programmer(ESSAIS_MAX);
}
