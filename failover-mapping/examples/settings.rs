//! Prints every setting: a page of them, or with `file` a configuration file to begin with. `cargo xtask tables` writes both.

use failover_mapping::Config;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("file") {
        print!("{}", Config::example_file());
        return;
    }
    println!("# Settings\n");
    println!(
        "Each is a method of the builder, and a key of a configuration file (`failover.example.toml`); a part of what"
    );
    println!(
        "a method takes has a dot in its name. The simple ones have a variable of the environment too, and `FAILOVER_CONFIG`"
    );
    println!(
        "names the file. The builder goes over a variable, a variable over the file, the file over the preset, and the"
    );
    println!(
        "preset over the default. A key's `{{ env = \"..\" }}` goes over the provider's usual variable; where it is not set, the key is"
    );
    println!("missing, as the usual one may be of another account.\n");
    println!("| setting | variable | default | what it is for |\n|---|---|---|---|");
    for setting in Config::settings() {
        let variables: Vec<_> = setting.variables.iter().map(|name| format!("`{name}`")).collect();
        let default = setting.default.map_or(setting.otherwise.to_owned(), |value| format!("`{value}`"));
        println!("| `{}` | {} | {default} | {} |", setting.name, variables.join(", "), setting.about);
    }
}
