//! What a passkey is called whose user did not say.

/// Models of authenticators that people know by name: AAGUID and name.
///
/// From the community's list of passkey providers and Yubico's own. It is for naming and for nothing else: without
/// attestation an AAGUID is whatever the authenticator says.
const MODELS: [(u128, &str); 38] = [
    (0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd, "Apple Passwords"),
    (0xdd4ec289_e01d_41c9_bb89_70fa845d4bf2, "iCloud Keychain (managed)"),
    (0xea9b8d66_4d01_1d21_3ce4_b6b48cb575d4, "Google Password Manager"),
    (0xadce0002_35bc_c60a_648b_0b25f1f05503, "Chrome on Mac"),
    (0xb5397666_4885_aa6b_cebf_e52262a439a2, "Chromium"),
    (0x771b48fd_d3d4_4f74_9232_fc157ab0507a, "Edge on Mac"),
    (0x08987058_cadc_4b81_b6e1_30de50dcbe96, "Windows Hello"),
    (0x6028b017_b1d4_4c02_b4b3_afcdafc96bb2, "Windows Hello"),
    (0x9ddd1817_af5a_4672_a2b9_3e3dd95000a9, "Windows Hello"),
    (0x53414d53_554e_4700_0000_000000000000, "Samsung Pass"),
    (0xbada5566_a7aa_401f_bd96_45619a55120d, "1Password"),
    (0xd548826e_79b4_db40_a3d8_11116f7e8349, "Bitwarden"),
    (0x531126d6_e717_415c_9320_3d9aa6981239, "Dashlane"),
    (0xde503f9c_21a4_4f76_b4b7_558eb55c6f89, "Devolutions"),
    (0xf3809540_7f14_49c1_a8b3_8f813b225541, "Enpass"),
    (0x39a5647e_1853_446c_a1f6_a79bae9f5bc7, "IDmelon"),
    (0xbfc748bb_3429_4faa_b9f9_7cfa9f3b76d0, "iPasswords"),
    (0xeaecdef2_1c31_5634_8639_f1cbd9c00a08, "KeePassDX"),
    (0xfdb141b2_5d84_443e_8a35_4698c205a502, "KeePassXC"),
    (0x0ea242b4_43c4_4a1b_8b17_dd6d0b6baec6, "Keeper"),
    (0xb78a0a55_6ef8_d246_a042_ba0f6d55050c, "LastPass"),
    (0x22248c4c_7a12_46e2_9a41_44291b373a4d, "LogMeOnce"),
    (0xb84e4048_15dc_4dd0_8640_f4f60813c8af, "NordPass"),
    (0x50726f74_6f6e_5061_7373_50726f746f6e, "Proton Pass"),
    (0x891494da_2c90_4d31_a9cd_4eab0aed1309, "Sésame"),
    (0xcc45f64e_52a2_451b_831a_4edd8022a202, "ToothPic"),
    (0xb35a26b2_8f6e_4697_ab1d_d44db4da28c6, "Zoho Vault"),
    (0x149a2021_8ef6_4133_96b8_81f8d5b7f1f5, "Security Key by Yubico"),
    (0xf8a011f3_8c0a_4d15_8006_17111f9edc7d, "Security Key by Yubico"),
    (0x6d44ba9b_f6ec_2e49_b930_0c8fe920cb73, "Security Key by Yubico"),
    (0xcb69481e_8ff7_4039_93ec_0a2729a154a8, "YubiKey 5"),
    (0xee882879_721c_4913_9775_3dfcce97072a, "YubiKey 5"),
    (0xfa2b99dc_9e39_4257_8f92_4a30d23c4118, "YubiKey 5"),
    (0x2fc0579f_8113_47ea_b116_bb5a8db9202a, "YubiKey 5"),
    (0xa25342c0_3cdc_4414_8e46_f4807fca511c, "YubiKey 5"),
    (0x19083c3d_8383_4b18_bc03_8f1c9ab2fd1b, "YubiKey 5"),
    (0x73bb0cd4_e502_49b8_9c6f_b59445bf720b, "YubiKey 5 FIPS"),
    (0xc1f9a0bc_1dd2_404a_b27f_8e29047a43fd, "YubiKey 5 FIPS"),
];

/// Systems by what their browsers say of themselves; the first that fits, since iPhones also say Mac and Android Linux.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "Passkey on iPhone"),
    ("iPad", "Passkey on iPad"),
    ("Android", "Passkey on Android"),
    ("Windows", "Passkey on Windows"),
    ("CrOS", "Passkey on Chromebook"),
    ("Macintosh", "Passkey on Mac"),
    ("Linux", "Passkey on Linux"),
];

/// A name by the authenticator's model, else by the browser's system, else a plain one.
pub(super) fn name_for(aaguid: [u8; 16], user_agent: Option<&str>) -> &'static str {
    let aaguid = u128::from_be_bytes(aaguid);
    let model = MODELS.iter().find(|(id, _)| *id == aaguid);
    let system = || {
        let agent = user_agent.unwrap_or_default();
        SYSTEMS.iter().find(|(word, _)| agent.contains(word))
    };
    let named = model.map(|(_, name)| *name).or_else(|| system().map(|(_, name)| *name));
    named.unwrap_or("Passkey")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_named_after_its_model_then_its_system_then_plainly() {
        let firefox = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        let iphone = Some("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15");
        let bitwarden = 0xd548826e_79b4_db40_a3d8_11116f7e8349_u128.to_be_bytes();
        assert_eq!(name_for(bitwarden, firefox), "Bitwarden");
        assert_eq!(name_for([0; 16], firefox), "Passkey on Linux");
        assert_eq!(name_for([0; 16], iphone), "Passkey on iPhone");
        assert_eq!(name_for([0; 16], Some("parchment-client/0.1")), "Passkey");
        assert_eq!(name_for([1; 16], None), "Passkey");
    }

    #[test]
    fn no_model_is_listed_twice() {
        let ids: std::collections::BTreeSet<u128> = MODELS.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), MODELS.len());
    }
}
