// Un envoi par étape : le second clic n’a plus de bouton. Le serveur, lui, reconnaît la clé de la demande.
document.addEventListener("submit", (evenement) => {
    const formulaire = evenement.target.closest("[data-sas-une-fois]");
    if (!formulaire) {
        return;
    }
    if (formulaire.dataset.sasEnvoye) {
        evenement.preventDefault();
        return;
    }
    formulaire.dataset.sasEnvoye = "oui";
    if (evenement.submitter && !evenement.submitter.name) {
        evenement.submitter.textContent = "Traitement de la requête…";
    }
});
// Le retour en arrière ressort la page telle quelle : elle doit pouvoir être renvoyée.
window.addEventListener("pageshow", () => {
    for (const formulaire of document.querySelectorAll("[data-sas-envoye]")) {
        delete formulaire.dataset.sasEnvoye;
    }
});
