// Package hub brings models from the Hugging Face Hub and other servers into a
// directory of the user's, and finds them there by name.
//
// A model is named hf:OWNER/REPO, with /FILE or :QUANTISATION where it is not
// to be chosen and @REVISION where it is not main, by an https:// URL, or by
// one of a few short names. [Hub.Pull] downloads: to a partial file that a
// later pull resumes, and that becomes the model only once it is whole, has the
// checksum that the Hub states, and has been opened as a model. [Hub.Find]
// looks into the cache and never at the network.
//
// What servers send is untrusted: every answer is bounded in size, in time and
// in where it may send the client, and every name in it is checked before it
// becomes a path.
package hub
