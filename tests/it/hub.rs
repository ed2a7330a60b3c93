//! What Connector Hub would have written to a bucket, made of the simulator's ground truth.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use auditui::fake_oci::WorldEvent;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// Records in a file of an archive.
const TO_A_FILE: usize = 200;

/// The event as the Logging service has it.
pub fn logged(event: &WorldEvent) -> Vec<u8> {
    let listed: Value = serde_json::from_slice(&event.bytes).unwrap();
    let mut data = listed["data"].clone();
    data["message"] = "as the Logging service puts it".into();
    let record = json!({
        "data": data,
        "dataschema": "2.0",
        "id": listed["eventId"],
        "oracle": { "compartmentid": data["compartmentId"], "ingestedtime": listed["eventTime"],
            "loggroupid": "_Audit", "tenantid": data["identity"]["tenantId"] },
        "source": "",
        "specversion": "1.0",
        "time": listed["eventTime"],
        "type": listed["eventType"],
    });
    record.to_string().into_bytes()
}

/// A directory as a connector for each region fills it.
pub struct Archive {
    pub path: PathBuf,
    files: usize,
}

impl Archive {
    pub fn new(path: PathBuf) -> Self {
        Self { path, files: 0 }
    }

    pub fn add(&mut self, events: &[WorldEvent]) {
        let mut regions: Vec<&str> = events.iter().map(|event| event.region.as_str()).collect();
        regions.sort_unstable();
        regions.dedup();
        for region in regions {
            let of_it: Vec<Vec<u8>> = events.iter().filter(|event| event.region == region).map(logged).collect();
            for records in of_it.chunks(TO_A_FILE) {
                self.add_file(region, &records.join(&b'\n'));
            }
        }
    }

    /// A file of a region with this content.
    pub fn add_file(&mut self, region: &str, text: &[u8]) -> PathBuf {
        let directory = self.path.join("audit").join(region);
        std::fs::create_dir_all(&directory).unwrap();
        self.files += 1;
        let path = directory.join(format!("20260314T000000Z_20260314T010000Z.{}.log.gz", self.files));
        write_packed(&path, text);
        path
    }

    pub fn arg(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

pub fn write_packed(path: &Path, text: &[u8]) {
    let mut encoder = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap();
}
