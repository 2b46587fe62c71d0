// Le temps qui reste à une place tenue : à l’œil chaque seconde ; à l’oreille au début, à une minute, à la fin.
const ANNONCES_S = [60, 20];

for (const minuteur of document.querySelectorAll("[data-sas-minuteur]")) {
    const bloc = minuteur.closest("section");
    const annonce = bloc.querySelector("[data-sas-minuteur-annonce]");
    const fin = Date.now() + Number(minuteur.dataset.sasMinuteur) * 1000;
    let aDire = ANNONCES_S.filter((seuil) => seuil < Number(minuteur.dataset.sasMinuteur));
    const finir = () => {
        clearInterval(battement);
        annonce.textContent = "Le temps est passé : la place n’est plus tenue.";
        for (const bouton of bloc.querySelectorAll("[data-sas-minuteur-tant]")) {
            bouton.hidden = true;
        }
    };
    const ecrire = () => {
        const reste = Math.max(0, Math.round((fin - Date.now()) / 1000));
        const secondes = String(reste % 60).padStart(2, "0");
        minuteur.textContent = reste
            ? ` (encore ${Math.floor(reste / 60)} min ${secondes} s)`
            : " (temps passé : elle n’est plus tenue)";
        if (reste <= aDire[0]) {
            annonce.textContent = `La place est tenue encore ${aDire[0] === 60 ? "une minute" : `${aDire[0]} secondes`}.`;
            aDire = aDire.filter((seuil) => seuil < reste);
        }
        if (!reste) {
            finir();
        }
    };
    const battement = setInterval(ecrire, 1000);
    ecrire();
    // Un texte déjà là au chargement n’est pas lu : on l’écrit ensuite.
    setTimeout(() => {
        annonce.textContent ||= `Vous tenez cette place${minuteur.textContent}.`;
    }, 500);
}
for (const bouton of document.querySelectorAll("[data-sas-copier]")) {
    if (navigator.clipboard) {
        bouton.hidden = false;
        bouton.addEventListener("click", async () => {
            const texte = document.getElementById(bouton.dataset.sasCopier).value;
            const dire = document.querySelector("[data-sas-copie]");
            try {
                await navigator.clipboard.writeText(texte);
                dire.textContent = "Texte copié.";
            } catch {
                dire.textContent = "La copie est refusée par le navigateur : sélectionnez le texte.";
            }
        });
    }
}
