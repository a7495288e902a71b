/** The version of kodama, in semantic versioning. The release changes it together with CHANGELOG.md. */
export const version = "0.1.0";
