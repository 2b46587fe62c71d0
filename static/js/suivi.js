// Le temps qui reste à une place tenue : dit à l’œil chaque seconde, à l’oreille quand il va finir.
for (const minuteur of document.querySelectorAll("[data-sas-minuteur]")) {
    const fin = Date.now() + Number(minuteur.dataset.sasMinuteur) * 1000;
    const ecrire = () => {
        const reste = Math.max(0, Math.round((fin - Date.now()) / 1000));
        const secondes = String(reste % 60).padStart(2, "0");
        minuteur.textContent = reste ? ` (encore ${Math.floor(reste / 60)} min ${secondes} s)` : " (temps passé)";
        if (!reste) {
            clearInterval(battement);
        }
    };
    const battement = setInterval(ecrire, 1000);
    minuteur.setAttribute("aria-live", "off");
    ecrire();
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
