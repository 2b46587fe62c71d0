// Hors créneaux : n’offrir que les heures du jour choisi, à l’heure du lieu. Le serveur refuse les autres.
const jour = document.querySelector("[data-sas-heures-impossibles]");
if (jour) {
    const impossibles = JSON.parse(jour.dataset.sasHeuresImpossibles);
    const { heure } = jour.form.elements;
    const proposer = () => {
        const retirees = impossibles[jour.value] ?? [];
        for (const option of heure.options) {
            option.disabled = retirees.includes(option.value);
            option.hidden = option.disabled;
        }
    };
    jour.addEventListener("input", () => {
        proposer();
        // Une heure choisie pour un autre jour : on la redemande, plutôt que d’en choisir une à sa place.
        if (heure.selectedOptions[0]?.disabled) {
            heure.selectedIndex = -1;
        }
    });
    proposer();
    // L’appel se note à part : ce qui est déjà convenu en revient avec lui.
    document.querySelector(".sas-appel__issues")?.addEventListener("formdata", ({ formData }) => {
        formData.set("date", jour.value);
        formData.set("heure", heure.value);
    });
    // Le retour en arrière remet le jour et l’heure sans le dire.
    window.addEventListener("pageshow", proposer);
}
