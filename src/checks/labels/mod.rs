//! Checks of the LABEL family: labels that contradict the images or each
//! other.

mod class_is_two;
mod classes_not_separable;
mod conflicting_labels;
mod conflicting_objects;
mod model;
mod outlier;
mod suspicious_cluster;
mod suspicious_label;
mod suspicious_object_label;

pub use class_is_two::CLASS_IS_TWO;
pub use classes_not_separable::CLASSES_NOT_SEPARABLE;
pub use conflicting_labels::CONFLICTING_LABELS;
pub use conflicting_objects::CONFLICTING_OBJECTS;
pub use outlier::OUTLIER;
pub use suspicious_cluster::SUSPICIOUS_CLUSTER;
pub use suspicious_label::SUSPICIOUS_LABEL;
pub use suspicious_object_label::SUSPICIOUS_OBJECT_LABEL;

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    conflicting_labels::DECLARED,
    suspicious_label::DECLARED,
    suspicious_cluster::DECLARED,
    outlier::DECLARED,
    class_is_two::DECLARED,
    classes_not_separable::DECLARED,
    conflicting_objects::DECLARED,
    suspicious_object_label::DECLARED,
];
