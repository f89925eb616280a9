(* Three columns: the Gram matrix A = F^T F of F >= 0 in its six numbers, and |W| |X| >= 3 det(A)^(1/6) for F = relu (W X),
   by the Z-test with Gram-Schmidt. Column i is crossed if a_ii a_jk < a_ij a_ik; at most one is, and it goes last. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm ZTest LowerBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Notation i0 := (ord0 : 'I_3).
Notation i1 := (Ordinal (isT : (1 < 3)%N)).
Notation i2 := (Ordinal (isT : (2 < 3)%N)).

Lemma all3 (P : 'I_3 -> Prop) : P i0 -> P i1 -> P i2 -> forall i, P i.
Proof.
move=> p0 p1 p2 [[|[|[|m]]] lm] //; [move: p0 | move: p1 | move: p2].
all: by congr P; apply: val_inj.
Qed.
Lemma sum3 (R : rcfType) (f : 'I_3 -> R) : \sum_i f i = f i0 + f i1 + f i2.
Proof.
rewrite !big_ord_recl big_ord0 addr0 addrA.
by congr (_ + _ + _); congr f; apply: val_inj.
Qed.

(* the matrix with these rows *)
Section Entries.
Variable R : rcfType.
Definition rows3 (r : seq (seq R)) : 'M[R]_3 := \matrix_(i, j) nth 0 (nth [::] r i) j.

Lemma quotient_le0 (x y : R) : 0 <= x -> 0 < y -> - (x / y) <= 0.
Proof. by move=> x0 y0; rewrite oppr_le0 divr_ge0 // ltW. Qed.
Lemma mean3 (x y z g : R) : 0 <= x -> 0 <= y -> 0 <= z -> 0 <= g -> g ^+ 3 <= x * y * z -> 3 * g <= x + y + z.
Proof.
move=> x0 y0 z0 g0 h; have := @agm_layers R 1 x z (fun=> y) x0 z0 (fun=> y0); rewrite !big_ord1 => agm.
rewrite mulrC -ler_pdivl_mulr ?ltr0n // -(ler_pexpn2r (_ : 0 < 3)%N) ?nnegrE ?divr_ge0 ?addr_ge0 ?ler01 //.
exact: le_trans h agm.
Qed.
End Entries.

Section Gram.
Variables (R : rcfType) (d : nat) (F : 'M[R]_(d, 3)).
Notation sq := (@sqnorm R _ _).
Definition gram i j : R := (F^T *m F) i j.
Notation A := gram.
Lemma gramE i j : A i j = \sum_l F l i * F l j.
Proof. by rewrite /gram mxE; apply: eq_bigr => l _; rewrite mxE. Qed.
Lemma gramC i j : A i j = A j i.
Proof. by rewrite !gramE; apply: eq_bigr => l _; rewrite mulrC. Qed.
Lemma gram_dot i j : A i j = dot (col i F) (col j F).
Proof. by rewrite gramE dotE; apply: eq_bigr => l _; rewrite big_ord1 !mxE. Qed.
Lemma gram_ge0 i : 0 <= A i i.
Proof. by rewrite gram_dot -sqE sq_ge0. Qed.
Lemma gram_CS i j : A i j ^+ 2 <= A i i * A j j.
Proof. by rewrite !gram_dot -!sqE CS. Qed.

(* sums of principal minors of orders 1, 2, 3 *)
Definition e1 : R := A i0 i0 + A i1 i1 + A i2 i2.
Definition minor i j : R := A i i * A j j - A i j ^+ 2.
Definition e2 : R := minor i0 i1 + minor i0 i2 + minor i1 i2.
Definition e3 : R := A i0 i0 * A i1 i1 * A i2 i2 + 2 * A i0 i1 * A i1 i2 * A i0 i2
  - A i0 i0 * A i1 i2 ^+ 2 - A i1 i1 * A i0 i2 ^+ 2 - A i2 i2 * A i0 i1 ^+ 2.
Lemma minor_ge0 i j : 0 <= minor i j.
Proof. by rewrite subr_ge0 gram_CS. Qed.

(* a_ii a_jj a_kk det A = a_ii (m_ij m_ik - (a_ii a_jk - a_ij a_ik)^2), Cauchy-Schwarz beside column i *)
Lemma minor_CS i j k : 0 < A i i -> (A i i * A j k - A i j * A i k) ^+ 2 <= minor i j * minor i k.
Proof.
move=> ip; have := CS (A i i *: col j F + (- A i j) *: col i F) (A i i *: col k F + (- A i k) *: col i F).
rewrite !sqE !(dotDl, dotDr, dotZl, dotZr) -!gram_dot (gramC k i) (gramC j i) => h.
rewrite -(ler_pmul2l (exprn_gt0 2 ip)) /minor; apply: le_trans (le_trans _ h) _; apply: eqW; ring.
Qed.
Lemma e3_det : A i0 i0 * e3 = minor i0 i1 * minor i0 i2 - (A i0 i0 * A i1 i2 - A i0 i1 * A i0 i2) ^+ 2.
Proof. rewrite /e3 /minor; ring. Qed.
Lemma e3_ge0 : 0 <= e3.
Proof.
have := gram_ge0 i0; rewrite le_eqVlt => /orP [/eqP z|p]; last first.
  by rewrite -(pmulr_rge0 _ p) e3_det subr_ge0 minor_CS.
have flat j : A i0 j = 0.
  by have := gram_CS i0 j; rewrite -z mul0r => h; apply/eqP; rewrite -sqrf_eq0 eq_le h sqr_ge0.
by rewrite /e3 -z !flat; apply: eqW; ring.
Qed.

Lemma first_gt0 : 0 < e3 -> 0 < A i0 i0.
Proof.
move=> det; rewrite lt_def gram_ge0 andbT; apply: contraTneq det => z.
have flat j : A i0 j = 0.
  by have := gram_CS i0 j; rewrite z mul0r => h; apply/eqP; rewrite -sqrf_eq0 eq_le h sqr_ge0.
by rewrite -leNgt /e3 z !flat; apply: eqW; ring.
Qed.
Lemma minor_gt0 : 0 < e3 -> 0 < minor i0 i1.
Proof.
move=> det; have a00 := first_gt0 det; rewrite lt_def minor_ge0 andbT; apply: contraTneq det => z.
by rewrite -leNgt -(pmulr_rle0 _ a00) e3_det z mul0r sub0r oppr_le0 sqr_ge0.
Qed.

Lemma e1_ge0 : 0 <= e1.
Proof. exact: addr_ge0 (addr_ge0 (gram_ge0 _) (gram_ge0 _)) (gram_ge0 _). Qed.
Lemma e2_ge0 : 0 <= e2.
Proof. exact: addr_ge0 (addr_ge0 (minor_ge0 _ _) (minor_ge0 _ _)) (minor_ge0 _ _). Qed.
(* e_1 >= 3 g^2 and e_2 >= 3 g^4, g^6 = e_3: means of what Gram-Schmidt leaves on the diagonal *)
Lemma means (g : R) : 0 <= g -> g ^+ 6 = e3 -> 3 * g ^+ 2 <= e1 /\ 3 * g ^+ 4 <= e2.
Proof.
move=> g0 gE; have := e3_ge0; rewrite le_eqVlt => /orP [/eqP z|det].
  have : g ^+ 6 == 0 by rewrite gE -z.
  rewrite expf_eq0 => /andP [_ /eqP ->]; rewrite !expr0n !mulr0.
  by split; [exact: e1_ge0 | exact: e2_ge0].
have ap := first_gt0 det; have mp := minor_gt0 det.
have bp : 0 < A i1 i1.
  rewrite -(pmulr_rgt0 _ ap); apply: lt_le_trans mp _.
  by rewrite /minor ler_subl_addr ler_addl sqr_ge0.
have g2 : (g ^+ 2) ^+ 3 = e3 by rewrite -exprM.
have g4 : (g ^+ 4) ^+ 3 = e3 ^+ 2 by rewrite -gE -!exprM.
have [an mn] := (lt0r_neq0 ap, lt0r_neq0 mp).
split.
  apply: le_trans (_ : A i0 i0 + minor i0 i1 / A i0 i0 + e3 / minor i0 i1 <= _).
    apply: mean3; rewrite ?exprn_ge0 ?divr_ge0 ?(ltW ap) ?(ltW mp) ?(ltW det) // g2.
    by apply: eqW; move: e3 (minor _ _) (A _ _) an mn => f m a an mn; field; rewrite an mn.
  rewrite /e1; apply: ler_add.
    by rewrite ler_add2l ler_pdivr_mulr // /minor mulrC ler_subl_addr ler_addl sqr_ge0.
  rewrite ler_pdivr_mulr // -subr_ge0 -(pmulr_rge0 _ ap).
  have -> : A i0 i0 * (A i2 i2 * minor i0 i1 - e3) =
    (A i0 i0 * A i1 i2 - A i0 i1 * A i0 i2) ^+ 2 + minor i0 i1 * A i0 i2 ^+ 2 by rewrite /e3 /minor; ring.
  by rewrite addr_ge0 ?sqr_ge0 // mulr_ge0 ?sqr_ge0 // ltW.
apply: le_trans (_ : minor i0 i1 + A i0 i0 * e3 / minor i0 i1 + e3 / A i0 i0 <= _).
  apply: mean3; rewrite ?exprn_ge0 ?divr_ge0 ?mulr_ge0 ?(ltW ap) ?(ltW mp) ?(ltW det) // g4.
  by apply: eqW; move: e3 (minor _ _) (A _ _) an mn => f m a an mn; field; rewrite an mn.
rewrite /e2; apply: ler_add.
  by rewrite ler_add2l ler_pdivr_mulr // e3_det mulrC ler_subl_addr ler_addl sqr_ge0.
rewrite ler_pdivr_mulr // mulrC -subr_ge0 -(pmulr_rge0 _ bp).
have -> : A i1 i1 * (A i0 i0 * minor i1 i2 - e3) =
  (A i1 i1 * A i0 i2 - A i0 i1 * A i1 i2) ^+ 2 + minor i1 i2 * A i0 i1 ^+ 2 by rewrite /e3 /minor; ring.
by rewrite addr_ge0 ?sqr_ge0 // mulr_ge0 ?sqr_ge0 // minor_ge0.
Qed.

(* F v in the Gram matrix *)
Lemma spans_orthonormal (M : 'M[R]_3) : M^T *m (F^T *m F) *m M = 1%:M -> forall v : 'cV[R]_3, sq (F *m M *m v) <= sq v.
Proof.
move=> h v; apply: eqW; rewrite !sq_gram; congr (\tr _).
have -> : (F *m M *m v)^T *m (F *m M *m v) = v^T *m (M^T *m (F^T *m F) *m M) *m v by rewrite !trmx_mul !mulmxA.
by rewrite h mulmx1.
Qed.
End Gram.

(* Gram-Schmidt on columns none of which is crossed but the last *)
Section Ordered.
Variables (R : rcfType) (m d : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, 3)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Notation A := (gram F).
Hypothesis det_gt0 : 0 < e3 F.
Hypotheses (free0 : A i0 i1 * A i0 i2 <= A i0 i0 * A i1 i2) (free1 : A i0 i1 * A i1 i2 <= A i1 i1 * A i0 i2).

Let a00 := first_gt0 det_gt0.
Let m01 := minor_gt0 det_gt0.
Let pos i j : 0 <= A i j.
Proof. by rewrite gramE sumr_ge0 // => l _; rewrite !mxE mulr_ge0 ?le_maxr ?lexx. Qed.

Lemma ordered (g : R) : 0 <= g -> g ^+ 6 = e3 F -> (3 * g) ^+ 2 <= sq W * sq X.
Proof.
move=> g0 gE; pose r0 := Num.sqrt (A i0 i0); pose r1 := Num.sqrt (minor F i0 i1 / A i0 i0).
pose r2 := Num.sqrt (e3 F / minor F i0 i1).
have r0E : A i0 i0 = r0 ^+ 2 by rewrite sqr_sqrtr // ltW.
have r1E : minor F i0 i1 / A i0 i0 = r1 ^+ 2 by rewrite sqr_sqrtr // ltW // divr_gt0.
have r2E : e3 F / minor F i0 i1 = r2 ^+ 2 by rewrite sqr_sqrtr // ltW // divr_gt0.
have r0p : 0 < r0 by rewrite sqrtr_gt0.
have r1p : 0 < r1 by rewrite sqrtr_gt0 divr_gt0.
have r2p : 0 < r2 by rewrite sqrtr_gt0 divr_gt0.
(* A = R^T R, R with rows (r0, u, v), (0, r1, w), (0, 0, r2) *)
pose u := A i0 i1 / r0; pose v := A i0 i2 / r0; pose w := (A i1 i2 - u * v) / r1.
have A01 : A i0 i1 = r0 * u by rewrite /u mulrC divfK ?gt_eqF.
have A02 : A i0 i2 = r0 * v by rewrite /v mulrC divfK ?gt_eqF.
have A12 : A i1 i2 = r1 * w + u * v by rewrite /w mulrC divfK ?gt_eqF // subrK.
have A11 : A i1 i1 = r1 ^+ 2 + u ^+ 2.
  by rewrite -r1E /minor A01 r0E; field; rewrite gt_eqF.
have mE : minor F i0 i1 = r0 ^+ 2 * r1 ^+ 2 by rewrite /minor A11 A01 r0E; ring.
have A22 : A i2 i2 = r2 ^+ 2 + w ^+ 2 + v ^+ 2.
  by rewrite -r2E mE /e3 A11 A01 A02 A12 r0E; field; rewrite !gt_eqF.
have u0 : 0 <= u by rewrite divr_ge0 ?pos ?(ltW r0p).
have w0 : 0 <= w.
  rewrite -(pmulr_rge0 _ r1p) -(pmulr_rge0 _ (exprn_gt0 2 r0p)); move: free0; rewrite A01 A02 A12 r0E -subr_ge0.
  by congr (_ <= _); ring.
have t0 : 0 <= r1 * v - u * w.
  rewrite -(pmulr_rge0 _ r1p) -(pmulr_rge0 _ r0p); move: free1; rewrite A01 A02 A12 A11 -subr_ge0.
  by congr (_ <= _); ring.
pose M := rows3 [:: [:: r0^-1; - (u / (r0 * r1)); - ((r1 * v - u * w) / (r0 * r1 * r2))];
                 [:: 0; r1^-1; - (w / (r1 * r2))]; [:: 0; 0; r2^-1]].
have neg : forall i j, i != j -> M i j <= 0.
  apply: all3; apply: all3; rewrite !mxE //= ?lexx // => _.
  - exact: (quotient_le0 u0 (mulr_gt0 r0p r1p)).
  - exact: (quotient_le0 t0 (mulr_gt0 (mulr_gt0 r0p r1p) r2p)).
  - exact: (quotient_le0 w0 (mulr_gt0 r1p r2p)).
have AE i j : (F^T *m F) i j = A i j by [].
have A10 : A i1 i0 = r0 * u by rewrite gramC.
have A20 : A i2 i0 = r0 * v by rewrite gramC.
have A21 : A i2 i1 = r1 * w + u * v by rewrite gramC.
have AM i j : (M^T *m (F^T *m F)) i j = M i0 i * A i0 j + M i1 i * A i1 j + M i2 i * A i2 j.
  by rewrite mxE sum3 !AE ![M^T _ _]mxE.
have z0 := lt0r_neq0 r0p; have z1 := lt0r_neq0 r1p; have z2 := lt0r_neq0 r2p.
have orth : M^T *m (F^T *m F) *m M = 1%:M.
  by apply/matrixP; apply: all3; apply: all3; rewrite mxE sum3 !AM !mxE /= ?A10 ?A20 ?A21 ?A01 ?A02 ?A12 ?A11 ?A22 ?r0E;
    field; rewrite ?z0 ?z1 ?z2.
have tr : \tr (M^T *m (F^T *m F)) = r0 + r1 + r2.
  rewrite /mxtrace sum3 !AM !mxE /= ?A10 ?A20 ?A21 ?A01 ?A02 ?A12 ?A11 ?A22 ?r0E.
  by field; rewrite ?z0 ?z1 ?z2.
have bound := z_product (spans_orthonormal orth); apply: le_trans bound.
have sum := relu_part (W *m X) neg; rewrite tr in sum.
have h3 : 3 * g <= r0 + r1 + r2.
  apply: mean3; rewrite ?(ltW r0p) ?(ltW r1p) ?(ltW r2p) //.
  apply: eqW; apply/eqP; rewrite -(@eqr_expn2 _ 2) ?exprn_ge0 ?mulr_ge0 ?(ltW r0p) ?(ltW r1p) ?(ltW r2p) //.
  rewrite -exprM -[(3 * 2)%N]/6%N gE !exprMn -mE -r2E; apply/eqP; rewrite [RHS]mulrC divfK //.
  exact: lt0r_neq0.
have g3 : 0 <= 3 * g by rewrite mulr_ge0 ?ler0n.
by rewrite ler_expn2r ?nnegrE ?(le_trans g3) // (le_trans h3) ?(le_trans h3 sum).
Qed.
End Ordered.

(* whatever the order of the columns *)
Section Nuclear.
Variables (R : rcfType) (m d : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, 3)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Notation A := (gram F).

(* columns exchanged *)
Definition turned (s : {perm 'I_3}) : 'M[R]_(d, 3) := col_perm s X.
Lemma turned_sq s : sq (turned s) = sq X.
Proof.
rewrite /sqnorm; apply: eq_bigr => i _; rewrite [RHS](reindex_inj (@perm_inj _ s)) /=.
by apply: eq_bigr => j _; rewrite mxE.
Qed.
Lemma turned_gram s i j : gram (relu (W *m turned s)) i j = A (s i) (s j).
Proof.
have E l k : relu (W *m turned s) l k = F l (s k).
  by rewrite !mxE; congr (Num.max _ _); apply: eq_bigr => a _; rewrite mxE.
by rewrite !gramE; apply: eq_bigr => l _; rewrite !E.
Qed.

Lemma pos i j : 0 <= A i j.
Proof. by rewrite gramE sumr_ge0 // => l _; rewrite !mxE mulr_ge0 ?le_maxr ?lexx. Qed.
Lemma one_crossed i j k : A i i * A j k < A i j * A i k -> A i j * A j k <= A j j * A i k.
Proof.
move=> ci; rewrite leNgt; apply/negP => cj.
have := ltr_pmul (mulr_ge0 (pos i i) (pos j k)) (mulr_ge0 (pos j j) (pos i k)) ci cj; rewrite ltNge => /negP; apply.
have h := ler_wpmul2r (mulr_ge0 (pos i k) (pos j k)) (gram_CS F i j).
by move: h; congr (_ <= _); ring.
Qed.

Theorem nuclear (g : R) : 0 <= g -> g ^+ 6 = e3 F -> (3 * g) ^+ 2 <= sq W * sq X.
Proof.
move=> g0 gE; have := e3_ge0 F; rewrite le_eqVlt => /orP [/eqP z|det].
  have : g ^+ 6 == 0 by rewrite gE -z.
  rewrite expf_eq0 => /andP [_ /eqP ->].
  by rewrite mulr0 expr0n mulr_ge0 ?sq_ge0.
have turn s : e3 (relu (W *m turned s)) = e3 F ->
    A (s i0) (s i1) * A (s i0) (s i2) <= A (s i0) (s i0) * A (s i1) (s i2) ->
    A (s i0) (s i1) * A (s i1) (s i2) <= A (s i1) (s i1) * A (s i0) (s i2) -> (3 * g) ^+ 2 <= sq W * sq X.
  move=> E f0 f1; rewrite -(turned_sq s); apply: ordered; rewrite ?E ?turned_gram //.
have [f0|c0] := lerP (A i0 i1 * A i0 i2) (A i0 i0 * A i1 i2); last first.
(* column 0 is crossed: it changes places with column 2 *)
  have [s0 s1 s2] : [/\ tperm i0 i2 i0 = i2, tperm i0 i2 i1 = i1 & tperm i0 i2 i2 = i0].
    by rewrite tpermL tpermR tpermD.
  apply: (turn (tperm i0 i2)); rewrite ?s0 ?s1 ?s2.
  - by rewrite /e3 !turned_gram s0 s1 s2 (gramC _ i2 i1) (gramC _ i2 i0) (gramC _ i1 i0); ring.
  - have := @one_crossed i0 i2 i1; rewrite (gramC _ i2 i1) (gramC _ i2 i0) (gramC _ i1 i0) => h.
    by rewrite mulrC h // mulrC [X in _ < X]mulrC mulrC.
  - by rewrite mulrC (gramC _ i2 i1) (gramC _ i2 i0) (gramC _ i1 i0) one_crossed.
have [f1|c1] := lerP (A i0 i1 * A i1 i2) (A i1 i1 * A i0 i2).
  by apply: (turn 1%g); rewrite ?perm1 // /e3 !turned_gram !perm1.
(* column 1 is crossed *)
have [s0 s1 s2] : [/\ tperm i1 i2 i0 = i0, tperm i1 i2 i1 = i2 & tperm i1 i2 i2 = i1].
  by rewrite tpermL tpermR tpermD.
apply: (turn (tperm i1 i2)); rewrite ?s0 ?s1 ?s2.
- by rewrite /e3 !turned_gram s0 s1 s2 (gramC _ i2 i1); ring.
- by rewrite mulrC (gramC _ i2 i1).
- have := @one_crossed i1 i2 i0; rewrite (gramC _ i2 i1) (gramC _ i2 i0) (gramC _ i1 i0) => h.
  by rewrite mulrC h // [X in _ < X]mulrC.
Qed.
End Nuclear.
