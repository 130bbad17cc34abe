//! A picture by its URL, which may hold it.

use super::form::Image;

impl Image {
    /// From a URL of the web, or one that holds the picture: `data:image/png;base64,..`. The error repeats nothing of it.
    pub(crate) fn of_url(url: String) -> Result<Self, String> {
        let begins = |with: &str| url.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
        if begins("https://") || begins("http://") {
            return Ok(Self::Url(url));
        }
        if !begins("data:") {
            return Err("image_url.url is not of the web, nor does it hold the image".to_owned());
        }
        let held = url.get("data:".len()..).and_then(|held| held.split_once(','));
        let (kind, data) = held.ok_or("image_url.url is cut short")?;
        let mut says = kind.split(';');
        let media_type = says.next().unwrap_or_default().trim().to_ascii_lowercase();
        if !says.any(|word| word.trim().eq_ignore_ascii_case("base64")) {
            return Err("image_url.url holds an image that is not in base64".to_owned());
        }
        if !media_type.starts_with("image/") || data.is_empty() {
            return Err("image_url.url holds no image".to_owned());
        }
        Ok(Self::Data { media_type, data: data.to_owned() })
    }
}
