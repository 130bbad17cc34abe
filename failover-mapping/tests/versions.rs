//! A version names its model: with the model's name before it or alone, as both of Replicate's clients send it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_core::Moment;
use failover_mapping::{Catalogue, Config, ProviderName, Target};
use http::{HeaderMap, Method, Uri};
use serde_json::json;

/// Of every model, the one first by which it is asked if it has no path of its own. All are on pages of Replicate's, in its
/// clients' recorded answers or in public code that agrees.
#[rustfmt::skip]
const VERSIONS: [(&str, &[&str]); 16] = [
    ("black-forest-labs/flux-pro", &[
        "ce4035b99fc7bac18bc2f0384632858f126f6b4d96c88603a898a76b8e0c4ac2",
        "3c21c7f294321116872673e436a261a151764b81ac02c67a82cf7adcac9e3ca1",
    ]),
    ("black-forest-labs/flux-1.1-pro", &[
        "a91bed9b0301d9d10b34b89b1f4d0255f2e2499c59576bfcd13405575dacdb25",
        "96ccd0e758a1796926584ded2246369cdf8eb3d7c34475cf9c442be5e097d926",
    ]),
    ("black-forest-labs/flux-1.1-pro-ultra", &[
        "5ea10f739af9f6d4002fae9aee4c15be14c3c8d7f8b309e634bf68df09159863",
        "352185dbc99e9dd708b78b4e6870e3ca49d00dc6451a32fc6dd57968194fae5a",
    ]),
    ("black-forest-labs/flux-schnell", &[
        "c846a69991daf4c0e5d016514849d14ee5b2e6846ce6b9d6f21369e564cfe51e",
    ]),
    ("black-forest-labs/flux-dev", &[
        "6e4a938f85952bdabcc15aa329178c4d681c52bf25a0342403287dc26944661d",
    ]),
    ("stability-ai/stable-diffusion-3", &[
        "72c05df2daf615fb5cc07c28b662a2a58feb6a4d0a652e67e5a9959d914a9ed2",
        "527d2a6296facb8e47ba1eaf17f142c240c19a30894f437feee9b91cc29d8e4f",
    ]),
    ("stability-ai/stable-diffusion-3.5-large", &[
        "2fdf9488b53c1e0fd3aef7b477def1c00d1856a38466733711f9c769942598f5",
        "e6c4657fe1b3f078fb26d68a1413bc8013e2b085504dd84a33e26e16fb95a593",
    ]),
    ("stability-ai/sdxl", &[
        "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc",
        "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
        "c221b2b8ef527988fb59bf24a8b97c4561f1c671f73bd389f866bfb27c061316",
        "728f6fcbe9b1b61804886c971f5924a41b7fcc5ca05004aa2a636c636a941575",
    ]),
    ("playgroundai/playground-v2.5-1024px-aesthetic", &[
        "a45f82a1382bed5c7aeb861dac7c7d191b0fdf74d8d57c4a0e6ed7d4d0bf7d24",
        "3a4cfdf259e511a4cda72899e7f0cc2c7e9bba6a1a7aa100fac703b72d4d5853",
    ]),
    ("lucataco/dreamshaper-xl-turbo", &[
        "0a1710e0187b01a255302738ca0158ff02a22f4638679533e111082f9dd1b615",
    ]),
    ("ideogram-ai/ideogram-v2", &[
        "3e6071946ab5319b3bcc37a4d00083e743dfdff5be386df6a2ff1f212fc7365b",
    ]),
    ("recraft-ai/recraft-v3", &[
        "9507e61ddace8b3a238371b17a61be203747c5081ea6070fecd3c40d27318922",
    ]),
    ("minimax/video-01", &[
        "5aa835260ff7f40f4069c41185f72036accf99e29957bb4a3b3a911f3b6c1912",
        "c8bcc4751328608bb75043b3af7bed4eabcf1a6c0a478d50a4cf57fa04bd5101",
        "608bbe118537f175d1078bbe8cb0b4f656992c14fc80b6a07f53c9a8ad304159",
    ]),
    ("minimax/video-01-live", &[
        "7574e16b8f1ad52c6332ecb264c0f132e555f46c222255a738131ec1bb614092",
        "4bce7c1730a5fc582699fb7e630c2e39c3dd4ddb11ca87fa3b7f0fc52537dd09",
    ]),
    ("openai/whisper", &[
        "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e",
        "c7a9a6d5f8118ad988f1a6a09a6174b708dff9c4253f65a3072927aaa7beeabf",
        "e39e354773466b955265e969568deb7da217804d8e771ea8c9cd0cef6591f8bc",
        "4d50797290df275329f202e48c76360b3f22b08d28c196cbc54600319435f8d2",
        "91ee9c0c3df30478510ff8c8a3a545add1ad0259ad3a9f78fba57fbc05ee64f7",
    ]),
    ("vaibhavs10/incredibly-fast-whisper", &[
        "3ab86df6c8f54c11309d4d1f930ac292bad43ace52d10c80d87eb258b3c9f79c",
        "37dfc0d6a7eb43ff84e230f74a24dab84e6bb7756c9b457dbdcceca3de7a4a04",
        "9355ba56110f03a002883f247e78d1078c2f0976c71c4d39643e9bb39ce8978a",
    ]),
];

/// A hash that one public program calls ideogram-v2, and no page of Replicate's does.
const UNPROVEN: &str = "d07f7f3ad03f2ec100edeaa91e26ac731d7d00ec369e6a475b80c04bd1101d5d";

fn resolved<'c>(catalogue: &'c Catalogue, version: &str) -> Option<&'c str> {
    catalogue.resolve_replicate(version).map(|row| row.id)
}

/// Who is asked first for this version; nobody if the request is not ours.
fn asked(config: &Config, version: &str) -> Option<String> {
    let uri = Uri::from_static("https://api.replicate.com/v1/predictions");
    let route = config.route(&Target::of_uri(&Method::POST, &uri)?, &HeaderMap::new())?;
    let body = json!({ "version": version }).to_string();
    let exchange = route.exchange(body.as_bytes(), Moment::EPOCH)?;
    Some(config.domain_name(exchange.candidates()[0].provider()).to_owned())
}

/// A wrong hash would answer for another model, so none is there that nobody looked up.
#[test]
fn these_and_no_others_are_known() {
    let catalogue = Catalogue::built_in().unwrap();
    let models = &catalogue.provider(ProviderName::Replicate).unwrap().models;
    let listed: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.versions.clone())).collect();
    let expected = VERSIONS.map(|(id, versions)| (id, versions.iter().copied().map(String::from).collect()));
    assert_eq!(listed, expected);
}

#[test]
fn a_version_is_as_good_as_its_models_name() {
    let (catalogue, config) = (Catalogue::built_in().unwrap(), stage::config());
    for (id, versions) in VERSIONS {
        for version in versions {
            for named in [id, version, &format!("{id}:{version}")] {
                assert_eq!(resolved(&catalogue, named), Some(id), "{named}");
                assert_eq!(asked(&config, named), Some(format!("replicate/{id}")), "{named}");
            }
        }
    }
}

#[test]
fn what_looks_like_a_version_is_none() {
    let (catalogue, config) = (Catalogue::built_in().unwrap(), stage::config());
    let (id, versions) = VERSIONS[7];
    let version = versions[0];
    let (shorter, upper) = (&version[1..], version.to_uppercase());
    for unknown in [
        UNPROVEN,
        shorter,
        &upper,
        &format!("{version}0"),
        &format!(" {version}"),
        &format!("{id}:{shorter}"),
        &format!("{id}:{upper}"),
        &format!("{id}:"),
        &format!("{id}:latest"),
        &format!(":{version}"),
        &format!("{version}:{version}"),
        &format!("{id}:{version}:{version}"),
        &format!("{id}@{version}"),
        &format!("{id}/{version}"),
        &"0".repeat(64),
        "",
    ] {
        assert_eq!(resolved(&catalogue, unknown), None, "{unknown}");
        assert_eq!(asked(&config, unknown), None, "{unknown}");
    }
}
